import { IpAddress, Prefix } from '@jackfield/addr'
import {
  AF_INET,
  AF_INET6,
  EINVAL,
  ENOENT,
  type OptionValue,
  TCP_MD5SIG_EXT,
  TCP_MD5SIG_FLAG_IFINDEX,
  TCP_MD5SIG_FLAG_PREFIX,
} from '@jackfield/interfaces'

/** Bytes of a key, at most (`TCP_MD5SIG_MAXKEYLEN`), and keys of a socket. */
const MOST_KEY_BYTES = 80
const MOST_KEYS = 4096

/** `struct tcp_md5sig`: bytes, and where its fields are. */
const STRUCT_LENGTH = 216
const FLAGS = 128
const PREFIX_LENGTH = 129
const KEY_LENGTH = 130
const INTERFACE = 132
const KEY = 136

/** A key, and for whom it is. */
interface Md5Key {
  readonly peers: Prefix
  /** Interface that it is for, 0: any. */
  readonly interfaceIndex: number
  readonly key: Uint8Array
}

/** What `TCP_MD5SIG` asks for. */
interface Md5Request extends Md5Key {
  readonly hasInterface: boolean
}

/** The keys of a socket (RFC 2385), by the peer's address. */
export class Md5Keys {
  private keys: Md5Key[] = []

  get size(): number {
    return this.keys.length
  }

  /** The key for a peer: that of the longest prefix; null where there is none. */
  find(peer: IpAddress): Uint8Array | null {
    const address = peer.unmapped()
    let best: Md5Key | null = null
    for (const each of this.keys) {
      if (each.peers.address.version !== address.version || !each.peers.contains(address)) continue
      if (best === null || each.peers.length > best.peers.length) best = each
    }
    return best?.key ?? null
  }

  /** For one peer, as an accepted socket has it. */
  static forPeer(peer: IpAddress, key: Uint8Array): Md5Keys {
    const keys = new Md5Keys()
    const address = peer.unmapped().copy()
    keys.keys.push({ peers: new Prefix(address, address.version === 4 ? 32 : 128), interfaceIndex: 0, key })
    return keys
  }

  /** Sets or, with an empty key, removes: 0, `-EINVAL`, or `-ENOENT` for one that is not there. */
  change(request: Md5Request): number {
    const same = (each: Md5Key): boolean => each.peers.equals(request.peers)
    const known = this.keys.some(same)
    if (request.key.length === 0 && !known) return -ENOENT
    if (!known && this.keys.length >= MOST_KEYS) return -EINVAL
    this.keys = this.keys.filter((each) => !same(each))
    if (request.key.length > 0) this.keys.push(request)
    return 0
  }
}

/**
 * Reads the value of `TCP_MD5SIG` and `TCP_MD5SIG_EXT`: Linux's structure in bytes, or an object with `address`, `key` (text or
 * bytes; empty: removed) and for the second `prefix`. A negative error number for what Linux does not take.
 */
export function readMd5Option(name: number, value: OptionValue, family: number): Md5Request | number {
  if (typeof value !== 'object') return -EINVAL
  const request = value instanceof Uint8Array ? readStruct(value, name) : readObject(value)
  if (typeof request === 'number') return request
  const { peers, key, hasInterface } = request
  if (family === AF_INET && peers.address.version !== 4) return -EINVAL
  if (key.length > MOST_KEY_BYTES || (hasInterface && name === TCP_MD5SIG_EXT)) return -EINVAL
  return request
}

function readObject(value: Readonly<Record<string, unknown>>): Md5Request | number {
  const { address, key, prefix, interface: interfaceIndex = 0 } = value
  const bytes = typeof key === 'string' ? Uint8Array.from(key, (char) => char.charCodeAt(0)) : key
  if (!(bytes instanceof Uint8Array)) return -EINVAL
  let peer: IpAddress
  try {
    if (address instanceof IpAddress) peer = address.unmapped().copy()
    else if (typeof address === 'string') peer = IpAddress.parse(address).unmapped()
    else return -EINVAL
  } catch {
    return -EINVAL
  }
  return request(peer, prefix, bytes, Number(interfaceIndex))
}

function readStruct(bytes: Uint8Array, name: number): Md5Request | number {
  if (bytes.length < STRUCT_LENGTH) return -EINVAL
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const family = view.getUint16(0, true)
  if (family !== AF_INET && family !== AF_INET6) return -EINVAL
  const peer = IpAddress.fromBytes(bytes, family === AF_INET ? 4 : 8, family === AF_INET ? 4 : 6).unmapped()
  const flags = name === TCP_MD5SIG_EXT ? view.getUint8(FLAGS) : 0
  const length = view.getUint16(KEY_LENGTH, true)
  if (length > MOST_KEY_BYTES) return -EINVAL
  const prefix = (flags & TCP_MD5SIG_FLAG_PREFIX) !== 0 ? view.getUint8(PREFIX_LENGTH) : undefined
  const interfaceIndex = (flags & TCP_MD5SIG_FLAG_IFINDEX) !== 0 ? view.getInt32(INTERFACE, true) : 0
  return request(peer, prefix, bytes.slice(KEY, KEY + length), interfaceIndex)
}

function request(peer: IpAddress, prefix: unknown, key: Uint8Array, interfaceIndex: number): Md5Request | number {
  const whole = peer.version === 4 ? 32 : 128
  const length = prefix === undefined ? whole : Number(prefix)
  if (!Number.isInteger(length) || length < 0 || length > whole) return -EINVAL
  // Bound to a routing domain (VRF) only, of which this stack has none.
  return { peers: new Prefix(peer, length), interfaceIndex, key: key.slice(), hasInterface: interfaceIndex !== 0 }
}
