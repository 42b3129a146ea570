import { ConnectionFlags } from './connection-flags.js'

/** Small numbers of a connection, several in one word: a hundred thousand connections are to fit into memory. */
export class ConnectionSmall extends ConnectionFlags {
  private small0 = 0
  private small1 = 0
  private small2 = 0

  /** Whether nothing more may come, and be written (`SHUT_RECEIVE`, `SHUT_SEND`). */
  get shut(): number {
    return this.small0 & 0x3
  }

  set shut(value: number) {
    this.small0 = (this.small0 & ~0x3) | (value & 0x3)
  }

  get sndScale(): number {
    return (this.small0 >>> 2) & 0xf
  }

  set sndScale(value: number) {
    this.small0 = (this.small0 & ~0x3c) | ((value & 0xf) << 2)
  }

  get rcvScale(): number {
    return (this.small0 >>> 6) & 0xf
  }

  set rcvScale(value: number) {
    this.small0 = (this.small0 & ~0x3c0) | ((value & 0xf) << 6)
  }

  get ecn(): number {
    return (this.small0 >>> 10) & 0xf
  }

  set ecn(value: number) {
    this.small0 = (this.small0 & ~0x3c00) | ((value & 0xf) << 10)
  }

  get caState(): number {
    return (this.small0 >>> 14) & 0x7
  }

  set caState(value: number) {
    this.small0 = (this.small0 & ~0x1c000) | ((value & 0x7) << 14)
  }

  get pending(): number {
    return (this.small0 >>> 17) & 0x7
  }

  set pending(value: number) {
    this.small0 = (this.small0 & ~0xe0000) | ((value & 0x7) << 17)
  }

  get nonagle(): number {
    return (this.small0 >>> 20) & 0x7
  }

  set nonagle(value: number) {
    this.small0 = (this.small0 & ~0x700000) | ((value & 0x7) << 20)
  }

  /** What holds sending back (`LIMIT_*` of limit-times.ts). */
  get limit(): number {
    return (this.small0 >>> 23) & 0x3
  }

  set limit(value: number) {
    this.small0 = (this.small0 & ~0x1800000) | ((value & 0x3) << 23)
  }

  get ackPending(): number {
    return this.small1 & 0x3f
  }

  set ackPending(value: number) {
    this.small1 = (this.small1 & ~0x3f) | (value & 0x3f)
  }

  get ackQuick(): number {
    return (this.small1 >>> 6) & 0x3f
  }

  set ackQuick(value: number) {
    this.small1 = (this.small1 & ~0xfc0) | ((value & 0x3f) << 6)
  }

  get pingPong(): number {
    return (this.small1 >>> 12) & 0xff
  }

  set pingPong(value: number) {
    this.small1 = (this.small1 & ~0xff000) | ((value & 0xff) << 12)
  }

  /** Bytes of options in every segment (timestamps). */
  get headerOptions(): number {
    return (this.small1 >>> 20) & 0x3f
  }

  set headerOptions(value: number) {
    this.small1 = (this.small1 & ~0x3f00000) | ((value & 0x3f) << 20)
  }

  /** Doublings of `rto`. */
  get backoff(): number {
    return this.small2 & 0x3ff
  }

  set backoff(value: number) {
    this.small2 = (this.small2 & ~0x3ff) | (value & 0x3ff)
  }

  get retransmits(): number {
    return (this.small2 >>> 10) & 0x3ff
  }

  set retransmits(value: number) {
    this.small2 = (this.small2 & ~0xffc00) | ((value & 0x3ff) << 10)
  }

  get probesOut(): number {
    return (this.small2 >>> 20) & 0x3ff
  }

  set probesOut(value: number) {
    this.small2 = (this.small2 & ~0x3ff00000) | ((value & 0x3ff) << 20)
  }
}
