import { PortEntry } from '@jackfield/transport'
import type { FastOpenKeys } from './listener/fast-open-keys.js'
import type { Md5Keys } from './md5/md5-keys.js'

/** What the user set on a socket, as most never do. */
export class ChosenOptions {
  /** `TCP_MAXSEG`; 0 none. */
  userMss = 0
  synRetries = 0
  linger2 = 0
  deferAccept = 0
  /** Milliseconds, 0 none. */
  userTimeout = 0
  notSentLowat = 0
  /** Seconds. */
  keepAliveIdle = 0
  keepAliveInterval = 0
  keepAliveCount = 0
  fastOpenConnect = false
  /** `TCP_FASTOPEN`: most Fast Open connections of a listener that wait for their handshake; 0: it takes none. */
  fastOpenQueue = 0
  fastOpenNoCookie = false
  /** `TCP_SAVE_SYN`: 1: from the network header, 2: from the link header. */
  saveSyn = 0
  /** `TCP_INQ`: reads tell how much is left. */
  wantsInq = false
  /** `TCP_THIN_LINEAR_TIMEOUTS` */
  thinLinear = false
  maxPacingRate: number = Number.POSITIVE_INFINITY
  sndBufLocked = false
  rcvBufLocked = false
  /** `SO_TIMESTAMPING`, and the sequence number that `SOF_TIMESTAMPING_OPT_ID` counts from. */
  stampFlags = 0
  stampBase = 0
  /** `SO_PEEK_OFF`: bytes that `MSG_PEEK` passes over; -1: none, ever. */
  peekOffset = -1
  /** `SO_ZEROCOPY`: `MSG_ZEROCOPY` is heeded. */
  zeroCopyAllowed = false
  /** `SO_INCOMING_CPU` and the like, by their numbers. */
  hints: ReadonlyMap<number, number> | null = null
  /** `TCP_MD5SIG`; null: there is no key. */
  md5Keys: Md5Keys | null = null
  /** `TCP_RTO_MAX_MS`, `TCP_RTO_MIN_US` and `TCP_DELACK_MAX_US`, in microseconds; 0: the settings. */
  rtoMax = 0
  rtoMin = 0
  delackMax = 0
  /** `TCP_FASTOPEN_KEY` of a listener; null: the setting. */
  fastOpenKey: FastOpenKeys | null = null
}

const DEFAULTS: ChosenOptions = new ChosenOptions()

/** The part of a connection that the user sets: shared, with all that set nothing or with the listener, until it changes. */
export class ConnectionOptions extends PortEntry {
  private chosen: ChosenOptions = DEFAULTS
  /** Nobody else has `chosen`. */
  private owned = false

  /** What another set is set here too. */
  inheritChosen(from: ConnectionOptions): void {
    this.chosen = from.chosen
    this.owned = false
    from.owned = false
  }

  private ownChosen(): ChosenOptions {
    if (!this.owned) {
      this.chosen = Object.assign(new ChosenOptions(), this.chosen)
      this.owned = true
    }
    return this.chosen
  }

  get userMss(): number {
    return this.chosen.userMss
  }

  set userMss(value: number) {
    if (value !== this.chosen.userMss) this.ownChosen().userMss = value
  }

  get synRetries(): number {
    return this.chosen.synRetries
  }

  set synRetries(value: number) {
    if (value !== this.chosen.synRetries) this.ownChosen().synRetries = value
  }

  get linger2(): number {
    return this.chosen.linger2
  }

  set linger2(value: number) {
    if (value !== this.chosen.linger2) this.ownChosen().linger2 = value
  }

  get deferAccept(): number {
    return this.chosen.deferAccept
  }

  set deferAccept(value: number) {
    if (value !== this.chosen.deferAccept) this.ownChosen().deferAccept = value
  }

  get userTimeout(): number {
    return this.chosen.userTimeout
  }

  set userTimeout(value: number) {
    if (value !== this.chosen.userTimeout) this.ownChosen().userTimeout = value
  }

  get notSentLowat(): number {
    return this.chosen.notSentLowat
  }

  set notSentLowat(value: number) {
    if (value !== this.chosen.notSentLowat) this.ownChosen().notSentLowat = value
  }

  get keepAliveIdle(): number {
    return this.chosen.keepAliveIdle
  }

  set keepAliveIdle(value: number) {
    if (value !== this.chosen.keepAliveIdle) this.ownChosen().keepAliveIdle = value
  }

  get keepAliveInterval(): number {
    return this.chosen.keepAliveInterval
  }

  set keepAliveInterval(value: number) {
    if (value !== this.chosen.keepAliveInterval) this.ownChosen().keepAliveInterval = value
  }

  get keepAliveCount(): number {
    return this.chosen.keepAliveCount
  }

  set keepAliveCount(value: number) {
    if (value !== this.chosen.keepAliveCount) this.ownChosen().keepAliveCount = value
  }

  get fastOpenConnect(): boolean {
    return this.chosen.fastOpenConnect
  }

  set fastOpenConnect(value: boolean) {
    if (value !== this.chosen.fastOpenConnect) this.ownChosen().fastOpenConnect = value
  }

  get fastOpenQueue(): number {
    return this.chosen.fastOpenQueue
  }

  set fastOpenQueue(value: number) {
    if (value !== this.chosen.fastOpenQueue) this.ownChosen().fastOpenQueue = value
  }

  get fastOpenNoCookie(): boolean {
    return this.chosen.fastOpenNoCookie
  }

  set fastOpenNoCookie(value: boolean) {
    if (value !== this.chosen.fastOpenNoCookie) this.ownChosen().fastOpenNoCookie = value
  }

  get saveSyn(): number {
    return this.chosen.saveSyn
  }

  set saveSyn(value: number) {
    if (value !== this.chosen.saveSyn) this.ownChosen().saveSyn = value
  }

  get wantsInq(): boolean {
    return this.chosen.wantsInq
  }

  set wantsInq(value: boolean) {
    if (value !== this.chosen.wantsInq) this.ownChosen().wantsInq = value
  }

  get thinLinear(): boolean {
    return this.chosen.thinLinear
  }

  set thinLinear(value: boolean) {
    if (value !== this.chosen.thinLinear) this.ownChosen().thinLinear = value
  }

  get maxPacingRate(): number {
    return this.chosen.maxPacingRate
  }

  set maxPacingRate(value: number) {
    if (value !== this.chosen.maxPacingRate) this.ownChosen().maxPacingRate = value
  }

  get sndBufLocked(): boolean {
    return this.chosen.sndBufLocked
  }

  set sndBufLocked(value: boolean) {
    if (value !== this.chosen.sndBufLocked) this.ownChosen().sndBufLocked = value
  }

  get rcvBufLocked(): boolean {
    return this.chosen.rcvBufLocked
  }

  set rcvBufLocked(value: boolean) {
    if (value !== this.chosen.rcvBufLocked) this.ownChosen().rcvBufLocked = value
  }

  get stampFlags(): number {
    return this.chosen.stampFlags
  }

  set stampFlags(value: number) {
    if (value !== this.chosen.stampFlags) this.ownChosen().stampFlags = value
  }

  get stampBase(): number {
    return this.chosen.stampBase
  }

  set stampBase(value: number) {
    if (value !== this.chosen.stampBase) this.ownChosen().stampBase = value
  }

  get peekOffset(): number {
    return this.chosen.peekOffset
  }

  set peekOffset(value: number) {
    if (value !== this.chosen.peekOffset) this.ownChosen().peekOffset = value
  }

  get zeroCopyAllowed(): boolean {
    return this.chosen.zeroCopyAllowed
  }

  set zeroCopyAllowed(value: boolean) {
    if (value !== this.chosen.zeroCopyAllowed) this.ownChosen().zeroCopyAllowed = value
  }

  get hints(): ReadonlyMap<number, number> | null {
    return this.chosen.hints
  }

  set hints(value: ReadonlyMap<number, number> | null) {
    if (value !== this.chosen.hints) this.ownChosen().hints = value
  }

  get md5Keys(): Md5Keys | null {
    return this.chosen.md5Keys
  }

  set md5Keys(value: Md5Keys | null) {
    if (value !== this.chosen.md5Keys) this.ownChosen().md5Keys = value
  }

  get rtoMax(): number {
    return this.chosen.rtoMax
  }

  set rtoMax(value: number) {
    if (value !== this.chosen.rtoMax) this.ownChosen().rtoMax = value
  }

  get rtoMin(): number {
    return this.chosen.rtoMin
  }

  set rtoMin(value: number) {
    if (value !== this.chosen.rtoMin) this.ownChosen().rtoMin = value
  }

  get delackMax(): number {
    return this.chosen.delackMax
  }

  set delackMax(value: number) {
    if (value !== this.chosen.delackMax) this.ownChosen().delackMax = value
  }

  get fastOpenKey(): FastOpenKeys | null {
    return this.chosen.fastOpenKey
  }

  set fastOpenKey(value: FastOpenKeys | null) {
    if (value !== this.chosen.fastOpenKey) this.ownChosen().fastOpenKey = value
  }
}
