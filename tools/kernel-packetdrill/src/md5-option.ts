import { SocketAddress } from '@jackfield/addr'
import { AF_INET, AF_INET6, TCP_MD5SIG_FLAG_PREFIX } from '@jackfield/sockets'
import { socketAddressBytes } from './socket-addresses.js'

/** `struct tcp_md5sig`, and where its fields are. */
const BYTES = 216
const FLAGS = 128
const PREFIX_LENGTH = 129
const KEY_LENGTH = 130
const KEY = 136

/** The value of `TCP_MD5SIG` and `TCP_MD5SIG_EXT` as the kernel takes it, from that of a stack: `address`, `key` and `prefix`. */
export function md5Bytes(value: Readonly<Record<string, unknown>>): Uint8Array {
  const { address, key, prefix } = value
  const bytes = new Uint8Array(BYTES)
  const view = new DataView(bytes.buffer)
  const peer = SocketAddress.parse(String(address).includes(':') ? `[${address}]:0` : `${address}:0`)
  peer.set(peer.address.version === 4 ? AF_INET : AF_INET6, peer.address, 0)
  bytes.set(socketAddressBytes(peer))
  if (prefix !== undefined) {
    view.setUint8(FLAGS, TCP_MD5SIG_FLAG_PREFIX)
    view.setUint8(PREFIX_LENGTH, Number(prefix))
  }
  const secret = key instanceof Uint8Array ? key : new TextEncoder().encode(String(key))
  view.setUint16(KEY_LENGTH, secret.length, true)
  bytes.set(secret, KEY)
  return bytes
}
