import type { IpAddress } from '@jackfield/addr'
import type { Setting } from '@jackfield/interfaces'
import type { ArrivingSegment } from '../arriving-segment.js'
import type { Connection } from '../connection.js'
import type { TcpProtocol } from '../protocol.js'
import { FASTOPEN_SERVER, FASTOPEN_SERVER_NO_COOKIE } from './fast-open-flags.js'
import type { FastOpenKeys } from './fast-open-keys.js'
import type { Listener } from './listener.js'
import type { Request } from './request.js'
import { SipHash, swapBytes } from './sip-hash.js'

/** Bytes of the cookies that we give (RFC 7413 4.1.2 has 64 bits suffice). */
const COOKIE_LENGTH = 8

/** What `FastOpenServer.judge` finds. */
export const FASTOPEN_REFUSED = 0
export const FASTOPEN_ACCEPTED = 1

const KEY_TEXT = /^[0-9a-f]{1,8}(-[0-9a-f]{1,8}){3}$/i

/**
 * Fast Open as server (RFC 7413 4.2.2): a cookie is a keyed hash of the two addresses, so that only who has been seen at an address
 * can send data with a SYN from it. Cookies of the former key are good until it changes again.
 */
export class FastOpenServer {
  private readonly tcp: TcpProtocol
  private primary: Int32Array
  private former: Int32Array | null = null
  private readonly hash = new SipHash()
  private readonly words = new Int32Array(8)

  constructor(tcp: TcpProtocol) {
    this.tcp = tcp
    const { random } = tcp.host
    this.primary = Int32Array.from({ length: 4 }, () => random.uint32() | 0)
  }

  /** `net.ipv4.tcp_fastopen_key`: four words in hexadecimal with dashes; after a comma the former key. */
  get keys(): string {
    const text = [this.primary, this.former].filter((key) => key !== null).map(formatKey)
    return text.join(',')
  }

  set keys(text: string) {
    const parts = text.trim().split(',')
    const [first, second] = parts
    if (first === undefined || parts.length > 2 || !parts.every((part) => KEY_TEXT.test(part))) {
      throw new RangeError(
        `net.ipv4.tcp_fastopen_key takes four words in hexadecimal with dashes, and perhaps a comma and four more, not '${text}'`,
      )
    }
    this.primary = parseKey(first)
    this.former = second === undefined ? null : parseKey(second)
  }

  /** The keys of all listeners that have none of their own. */
  get both(): FastOpenKeys {
    return { primary: this.primary, former: this.former }
  }

  /** The setting. */
  setting(): Setting {
    return {
      name: 'net.ipv4.tcp_fastopen_key',
      get: () => this.keys,
      set: (value) => {
        this.keys = String(value)
      },
    }
  }

  /**
   * Whether the data of a SYN may be given to the application before the handshake is done. The cookie for the SYN-ACK, if
   * there is to be one, is put into the request.
   */
  judge(c: Connection, listener: Listener, r: Request, s: ArrivingSegment): number {
    const { counters, settings } = this.tcp
    const { options } = s
    r.cookieLength = -1
    if (options.cookieLength === 0) counters.TcpExtTCPFastOpenCookieReqd++
    const asks = s.length > 0 || options.cookieLength >= 0
    if ((settings.fastopen & FASTOPEN_SERVER) === 0 || !asks || !listener.fastOpenHasRoom()) return FASTOPEN_REFUSED
    if ((settings.fastopen & FASTOPEN_SERVER_NO_COOKIE) !== 0 || c.fastOpenNoCookie) return FASTOPEN_ACCEPTED
    if (options.cookieLength < 0) return FASTOPEN_REFUSED
    const keys = c.fastOpenKey ?? this.both
    const good = options.cookieLength > 0 ? this.matches(keys, r, s) : 0
    this.write(keys.primary, r.flow.destination, r.flow.source, r.cookie)
    r.cookieExperimental = options.cookieExperimental
    // One who asked, or brought a bad or an old one, is told the good one.
    if (good !== 1) r.cookieLength = COOKIE_LENGTH
    if (good === 2) counters.TcpExtTCPFastOpenPassiveAltKey++
    if (good === 0 && options.cookieLength > 0) counters.TcpExtTCPFastOpenPassiveFail++
    return good > 0 ? FASTOPEN_ACCEPTED : FASTOPEN_REFUSED
  }

  /** 1: a cookie of the present key; 2: of the former; 0: neither. Uses the request's room. */
  private matches({ primary, former }: FastOpenKeys, r: Request, s: ArrivingSegment): number {
    const { options, packet } = s
    if (packet === null || options.cookieLength !== COOKIE_LENGTH) return 0
    for (const [index, key] of [primary, former].entries()) {
      if (key === null) continue
      this.write(key, r.flow.destination, r.flow.source, r.cookie)
      let difference = 0
      for (let i = 0; i < COOKIE_LENGTH; i++) {
        difference |= (r.cookie[i] as number) ^ packet.view.getUint8(options.cookieOffset + i)
      }
      if (difference === 0) return index + 1
    }
    return 0
  }

  /** Writes the cookie of a client, as Linux makes it: SipHash of the two addresses as they are in a header. */
  write(key: Int32Array, client: IpAddress, server: IpAddress, to: Uint8Array): void {
    const { words, hash } = this
    let count = 0
    for (const address of [client, server]) {
      if (address.version === 6) {
        words[count++] = swapBytes(address.w0)
        words[count++] = swapBytes(address.w1)
        words[count++] = swapBytes(address.w2)
      }
      words[count++] = swapBytes(address.w3)
    }
    hash.hash(key, words, count)
    for (let i = 0; i < 4; i++) {
      to[i] = hash.low >>> (8 * i)
      to[i + 4] = hash.high >>> (8 * i)
    }
  }
}

function parseKey(text: string): Int32Array {
  return Int32Array.from(text.split('-'), (word) => Number.parseInt(word, 16) | 0)
}

function formatKey(key: Int32Array): string {
  return [...key].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('-')
}
