import * as tcp from '@jackfield/tcp/wire'
import { hex } from './number-format.js'

/** tcpdump's names, by kind. */
const names: Readonly<Record<number, string>> = {
  [tcp.TCPOPT_EOL]: 'eol',
  [tcp.TCPOPT_NOP]: 'nop',
  [tcp.TCPOPT_MSS]: 'mss',
  [tcp.TCPOPT_WINDOW]: 'wscale',
  [tcp.TCPOPT_SACK_PERM]: 'sackOK',
  [tcp.TCPOPT_SACK]: 'sack',
  6: 'echo',
  7: 'echoreply',
  [tcp.TCPOPT_TIMESTAMP]: 'TS',
  11: 'cc',
  12: 'ccnew',
  13: '',
  [tcp.TCPOPT_MD5SIG]: 'md5',
  20: 'scps',
  [tcp.TCPOPT_UTO]: 'uto',
  [tcp.TCPOPT_AO]: 'tcp-ao',
  [tcp.TCPOPT_MPTCP]: 'mptcp',
  [tcp.TCPOPT_FASTOPEN]: 'tfo',
  [tcp.TCPOPT_EXP]: 'exp',
}

/** By the four bits of subtype (RFC 8684 8.1). */
const mptcpSubtypes = ['capable', 'join', 'dss', 'add-addr', 'rem-addr', 'prio', 'fail', 'fast-close']

const MD5_DIGEST = 16

/** Reads the options of one segment as tcpdump does, which goes on behind the bytes that a kind has and not behind its length. */
export class OptionsLine {
  /** What is printed of them, with its brackets as far as tcpdump comes. */
  text = ', options ['
  /** Whether tcpdump prints the rest of its line. */
  whole = false
  private at: number
  /** Bytes left of the header. */
  private left: number
  private separator = ''
  private readonly view: DataView
  private readonly end: number
  private readonly sackBase: number

  /** @param end where the captured bytes end. @param sackBase what the edges of SACK blocks are counted from */
  constructor(view: DataView, from: number, headerEnd: number, end: number, sackBase: number) {
    this.view = view
    this.at = from
    this.left = headerEnd - from
    this.end = end
    this.sackBase = sackBase
    while (this.left > 0) {
      this.text += this.separator
      const kind = this.octet()
      if (kind < 0) return
      if (!this.option(kind)) return
      this.separator = ','
      if (kind === tcp.TCPOPT_EOL) break
    }
    this.text += ']'
    this.whole = true
  }

  /** One byte, -1 where it was not captured. */
  private octet(): number {
    if (this.at < this.end) return this.view.getUint8(this.at++)
    this.text += ' [|tcp]'
    return -1
  }

  private option(kind: number): boolean {
    const single = kind === tcp.TCPOPT_EOL || kind === tcp.TCPOPT_NOP
    const length = single ? 1 : this.octet()
    if (length < 0) return false
    if (!single && (length < 2 || length > this.left)) return this.bad()
    this.left -= single ? 1 : 2
    this.text += names[kind] ?? `unknown-${kind}`
    const used = single ? 0 : this.value(kind, length - 2)
    if (used < 0) return false
    this.at += used
    this.left -= used
    const told = used + (single ? 1 : 2)
    if (told !== length) this.text += `[len ${length}]`
    return true
  }

  private bad(): false {
    this.text += `[bad opt]${this.separator === '' ? '' : ']'}`
    return false
  }

  /** Whether so many bytes of value are there; else says what is wrong. */
  private there(length: number): boolean {
    if (length > this.left) return this.bad()
    if (this.at + length <= this.end) return true
    this.text += ` [|tcp]${this.separator === '' ? '' : '>'}`
    return false
  }

  /** Prints an option's value of `length` bytes; how many the kind has, -1 where they are not there. */
  private value(kind: number, length: number): number {
    const { view, at } = this
    switch (kind) {
      case tcp.TCPOPT_SACK_PERM:
        return 0
      case tcp.TCPOPT_MSS:
        return this.print(2, () => ` ${view.getUint16(at)}`)
      case tcp.TCPOPT_WINDOW:
        return this.print(1, () => ` ${view.getUint8(at)}`)
      case 6:
      case 7:
      case 11:
      case 12:
      case 13:
        return this.print(4, () => ` ${view.getUint32(at)}`)
      case tcp.TCPOPT_TIMESTAMP:
        return this.print(8, () => ` val ${view.getUint32(at)} ecr ${view.getUint32(at + 4)}`)
      case tcp.TCPOPT_SACK:
        return this.sack(length)
      case tcp.TCPOPT_MD5SIG:
        return this.print(MD5_DIGEST, () => ` ${this.octets(at, MD5_DIGEST)}`)
      case 20:
        return this.print(2, () => ` cap ${this.octets(at, 1)} id ${view.getUint8(at + 1)}`)
      case tcp.TCPOPT_UTO:
        return this.print(2, () => timeoutText(view.getUint16(at)))
      case tcp.TCPOPT_AO:
        return this.authentication(length)
      case tcp.TCPOPT_MPTCP:
        return this.print(
          length,
          () => ` ${length + 2} ${mptcpSubtypes[length > 0 ? view.getUint8(at) >>> 4 : 15] ?? 'unknown'}`,
        )
      case tcp.TCPOPT_FASTOPEN:
        return this.print(length, () => ` ${this.cookie(at, length)}`)
      case tcp.TCPOPT_EXP:
        return this.experiment(length)
      default:
        return length === 0 || this.octetByOctet(' 0x', 0, length) ? length : -1
    }
  }

  private print(length: number, text: () => string): number {
    if (!this.there(length)) return -1
    this.text += text()
    return length
  }

  private sack(length: number): number {
    if (length % 8 !== 0) {
      this.text += ' invalid sack'
      return length
    }
    this.text += ` ${length / 8} `
    for (let i = 0; i < length; i += 8) {
      if (!this.there(i + 8)) return -1
      const start = (this.view.getUint32(this.at + i) - this.sackBase) >>> 0
      const end = (this.view.getUint32(this.at + i + 4) - this.sackBase) >>> 0
      this.text += `{${start}:${end}}`
    }
    return length
  }

  /** RFC 5925 2.2. */
  private authentication(length: number): number {
    if (length < 2) {
      this.text += ' (invalid)'
      return length
    }
    if (this.print(1, () => ` keyid ${this.view.getUint8(this.at)}`) < 0) return -1
    if (this.print(2, () => ` rnextkeyid ${this.view.getUint8(this.at + 1)}`) < 0) return -1
    return length === 2 || this.octetByOctet(' mac 0x', 2, length) ? length : -1
  }

  /** Prints bytes `[from, to)` of the value as far as they are there; false where some are not. */
  private octetByOctet(label: string, from: number, to: number): boolean {
    this.text += label
    for (let i = from; i < to; i++) {
      if (!this.there(i + 1)) return false
      this.text += this.octets(this.at + i, 1)
    }
    return true
  }

  private experiment(length: number): number {
    if (!this.there(length)) return -1
    if (length < 2) {
      this.bad()
      return -1
    }
    const magic = this.view.getUint16(this.at)
    this.text += '-'
    if (magic !== tcp.TCPOPT_FASTOPEN_MAGIC) this.text += this.octets(this.at, 2)
    else this.text += `tfo${this.cookie(this.at + 2, length - 2)}`
    return length
  }

  /** RFC 7413 4.1.1. */
  private cookie(at: number, length: number): string {
    if (length === 0) return ' cookiereq'
    if (length % 2 !== 0 || length < tcp.TCP_FASTOPEN_COOKIE_MIN || length > tcp.TCP_FASTOPEN_COOKIE_MAX) {
      return ' (invalid)'
    }
    return ` cookie ${this.octets(at, length)}`
  }

  private octets(at: number, length: number): string {
    let text = ''
    for (let i = 0; i < length; i++)
      text += this.view
        .getUint8(at + i)
        .toString(16)
        .padStart(2, '0')
    return text
  }
}

/** RFC 5482 3.1: minutes where the first bit is set, else seconds. tcpdump looks at the last one. */
function timeoutText(value: number): string {
  return ` ${hex(value, 1)} ${(value & 1) !== 0 ? (value >>> 1) * 60 : value >>> 1}`
}
