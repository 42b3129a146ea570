import type { Timer } from '@jackfield/clock'
import { ConnectionOptions } from './connection-options.js'
import type { NoticeQueue } from './errors/error-queue.js'
import type { ZeroCopySends } from './errors/zero-copy.js'
import type { FastOpenRequest } from './listener/fast-open-client.js'
import type { Listener } from './listener/listener.js'
import type { Request } from './listener/request.js'

/** What comes with Fast Open, urgent data, a probed path or a full window, and which most connections never have. */
export class RareState {
  /** The SYN carried the Fast Open option, and data. */
  synFastOpen = false
  synFastOpenExperimental = false
  synData = false
  /** Data of a SYN was acknowledged, ours or the peer's. */
  synDataAcked = false
  /** Fast Open as client: `connect` has been called, and its SYN waits for data. */
  connectDeferred = false
  /** Initial sequence number past those of a connection that was in TIME-WAIT, 0: none. */
  reusedIss = 0
  /** What `TCP_SAVE_SYN` of the listener kept. */
  savedSyn: Uint8Array | null = null
  /** Reported once the user asks (ICMP errors while established). */
  softError = 0
  /** Whether MTU probing (RFC 4821) is at work, and the bounds of its search, in bytes. */
  mtuProbing = false
  probeLow = 0
  probeHigh = 0
  /** The probe that is under way: its size as a packet, 0 for none, and its sequence numbers. */
  mtuProbeSize = 0
  mtuProbeSeq = 0
  mtuProbeEnd = 0
  /** When the search began, in seconds of the clock (int32). */
  mtuSearchTime = 0
  urgentMode = false
  /** Sequence number of the urgent byte, while `urgentState` is not 0. */
  urgentSeq = 0
  /** 0 none, 1 pointed at but not here, 2 here and not read, 3 read; 0 again once the reader has passed it. */
  urgentState = 0
  urgentByte = 0
  /** When a segment that was not acceptable was last answered, 0: never. */
  outOfWindowAckTime = 0
  windowLimitedTime = 0
  bufferLimitedTime = 0
  /** Fast Open on the active side: what the SYN asks for and carries. */
  fastOpenRequest: FastOpenRequest | null = null
  /** On the passive side, with Fast Open or a forwarder, until the handshake is done: sends the SYN-ACK again. */
  passiveFastOpen: Request | null = null
  /** While it listens. */
  listener: Listener | null = null
  /** Keep-alive; SYN-ACK of a Fast Open; FIN-WAIT-2 of an orphan. */
  keepAliveTimer: Timer | null = null
  paceTimer: Timer | null = null
  /** The key that what is sent is signed with (RFC 2385); null: it is not. */
  md5Key: Uint8Array | null = null
  /** What `MSG_ERRQUEUE` reads; null: nothing ever was to be told. */
  notices: NoticeQueue | null = null
  /** Sends with `MSG_ZEROCOPY`; null: there was none. */
  zeroCopies: ZeroCopySends | null = null
  /** Told, once, when what a closed socket had to send has been acknowledged, or never will be. */
  closed: (() => void) | null = null
}

const NOTHING: RareState = new RareState()

/** The part of a connection that is made when there is something to keep in it. */
export class ConnectionRare extends ConnectionOptions {
  private rare: RareState = NOTHING

  private ownRare(): RareState {
    if (this.rare === NOTHING) this.rare = new RareState()
    return this.rare
  }

  get synFastOpen(): boolean {
    return this.rare.synFastOpen
  }

  set synFastOpen(value: boolean) {
    if (value !== this.rare.synFastOpen) this.ownRare().synFastOpen = value
  }

  get synFastOpenExperimental(): boolean {
    return this.rare.synFastOpenExperimental
  }

  set synFastOpenExperimental(value: boolean) {
    if (value !== this.rare.synFastOpenExperimental) this.ownRare().synFastOpenExperimental = value
  }

  get synData(): boolean {
    return this.rare.synData
  }

  set synData(value: boolean) {
    if (value !== this.rare.synData) this.ownRare().synData = value
  }

  get synDataAcked(): boolean {
    return this.rare.synDataAcked
  }

  set synDataAcked(value: boolean) {
    if (value !== this.rare.synDataAcked) this.ownRare().synDataAcked = value
  }

  get connectDeferred(): boolean {
    return this.rare.connectDeferred
  }

  set connectDeferred(value: boolean) {
    if (value !== this.rare.connectDeferred) this.ownRare().connectDeferred = value
  }

  get reusedIss(): number {
    return this.rare.reusedIss
  }

  set reusedIss(value: number) {
    if (value !== this.rare.reusedIss) this.ownRare().reusedIss = value
  }

  get savedSyn(): Uint8Array | null {
    return this.rare.savedSyn
  }

  set savedSyn(value: Uint8Array | null) {
    if (value !== this.rare.savedSyn) this.ownRare().savedSyn = value
  }

  get softError(): number {
    return this.rare.softError
  }

  set softError(value: number) {
    if (value !== this.rare.softError) this.ownRare().softError = value
  }

  get mtuProbing(): boolean {
    return this.rare.mtuProbing
  }

  set mtuProbing(value: boolean) {
    if (value !== this.rare.mtuProbing) this.ownRare().mtuProbing = value
  }

  get probeLow(): number {
    return this.rare.probeLow
  }

  set probeLow(value: number) {
    if (value !== this.rare.probeLow) this.ownRare().probeLow = value
  }

  get probeHigh(): number {
    return this.rare.probeHigh
  }

  set probeHigh(value: number) {
    if (value !== this.rare.probeHigh) this.ownRare().probeHigh = value
  }

  get mtuProbeSize(): number {
    return this.rare.mtuProbeSize
  }

  set mtuProbeSize(value: number) {
    if (value !== this.rare.mtuProbeSize) this.ownRare().mtuProbeSize = value
  }

  get mtuProbeSeq(): number {
    return this.rare.mtuProbeSeq
  }

  set mtuProbeSeq(value: number) {
    if (value !== this.rare.mtuProbeSeq) this.ownRare().mtuProbeSeq = value
  }

  get mtuProbeEnd(): number {
    return this.rare.mtuProbeEnd
  }

  set mtuProbeEnd(value: number) {
    if (value !== this.rare.mtuProbeEnd) this.ownRare().mtuProbeEnd = value
  }

  get mtuSearchTime(): number {
    return this.rare.mtuSearchTime
  }

  set mtuSearchTime(value: number) {
    if (value !== this.rare.mtuSearchTime) this.ownRare().mtuSearchTime = value
  }

  get urgentMode(): boolean {
    return this.rare.urgentMode
  }

  set urgentMode(value: boolean) {
    if (value !== this.rare.urgentMode) this.ownRare().urgentMode = value
  }

  get urgentSeq(): number {
    return this.rare.urgentSeq
  }

  set urgentSeq(value: number) {
    if (value !== this.rare.urgentSeq) this.ownRare().urgentSeq = value
  }

  get urgentState(): number {
    return this.rare.urgentState
  }

  set urgentState(value: number) {
    if (value !== this.rare.urgentState) this.ownRare().urgentState = value
  }

  get urgentByte(): number {
    return this.rare.urgentByte
  }

  set urgentByte(value: number) {
    if (value !== this.rare.urgentByte) this.ownRare().urgentByte = value
  }

  get outOfWindowAckTime(): number {
    return this.rare.outOfWindowAckTime
  }

  set outOfWindowAckTime(value: number) {
    if (value !== this.rare.outOfWindowAckTime) this.ownRare().outOfWindowAckTime = value
  }

  get windowLimitedTime(): number {
    return this.rare.windowLimitedTime
  }

  set windowLimitedTime(value: number) {
    if (value !== this.rare.windowLimitedTime) this.ownRare().windowLimitedTime = value
  }

  get bufferLimitedTime(): number {
    return this.rare.bufferLimitedTime
  }

  set bufferLimitedTime(value: number) {
    if (value !== this.rare.bufferLimitedTime) this.ownRare().bufferLimitedTime = value
  }

  get fastOpenRequest(): FastOpenRequest | null {
    return this.rare.fastOpenRequest
  }

  set fastOpenRequest(value: FastOpenRequest | null) {
    if (value !== this.rare.fastOpenRequest) this.ownRare().fastOpenRequest = value
  }

  get passiveFastOpen(): Request | null {
    return this.rare.passiveFastOpen
  }

  set passiveFastOpen(value: Request | null) {
    if (value !== this.rare.passiveFastOpen) this.ownRare().passiveFastOpen = value
  }

  get listener(): Listener | null {
    return this.rare.listener
  }

  set listener(value: Listener | null) {
    if (value !== this.rare.listener) this.ownRare().listener = value
  }

  get keepAliveTimer(): Timer | null {
    return this.rare.keepAliveTimer
  }

  set keepAliveTimer(value: Timer | null) {
    if (value !== this.rare.keepAliveTimer) this.ownRare().keepAliveTimer = value
  }

  get paceTimer(): Timer | null {
    return this.rare.paceTimer
  }

  set paceTimer(value: Timer | null) {
    if (value !== this.rare.paceTimer) this.ownRare().paceTimer = value
  }

  get md5Key(): Uint8Array | null {
    return this.rare.md5Key
  }

  set md5Key(value: Uint8Array | null) {
    if (value !== this.rare.md5Key) this.ownRare().md5Key = value
  }

  get notices(): NoticeQueue | null {
    return this.rare.notices
  }

  set notices(value: NoticeQueue | null) {
    if (value !== this.rare.notices) this.ownRare().notices = value
  }

  get zeroCopies(): ZeroCopySends | null {
    return this.rare.zeroCopies
  }

  set zeroCopies(value: ZeroCopySends | null) {
    if (value !== this.rare.zeroCopies) this.ownRare().zeroCopies = value
  }

  get closed(): (() => void) | null {
    return this.rare.closed
  }

  set closed(value: (() => void) | null) {
    if (value !== this.rare.closed) this.ownRare().closed = value
  }
}
