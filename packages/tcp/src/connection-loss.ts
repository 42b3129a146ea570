import { ConnectionRare } from './connection-rare.js'
import type { SendSegment } from './send-segment.js'

const NO_BLOCKS: Int32Array = new Int32Array(0)

/** What comes with loss and reordering, on either side: most connections never see any. */
export class LossState {
  dsackStart = 0
  dsackEnd = 0
  sackStart: Int32Array = NO_BLOCKS
  sackEnd: Int32Array = NO_BLOCKS
  priorSsthresh = 0
  priorCwnd = 0
  prrDelivered = 0
  prrOut = 0
  undoMarker = 0
  undoRetrans = 0
  /** F-RTO (RFC 5682) is at work. */
  frto = false
  rackDsackSeen = false
  rackSteps = 1
  rackPersist = 0
  reorderSeen = 0
  sackReneging = false
  /** `sndNxt` at the loss probe that waits for its answer; `lossProbeSent` tells whether one does. */
  lossProbeHigh = 0
  lossProbeRetransmit = false
  lost = 0
  /** Retransmission timeouts in all (`tcpi_total_rto`). */
  totalTimeouts = 0
  bytesRetrans = 0
  dsackDups = 0
  rcvOutOfOrder = 0
  /** `rcvNxt` for which `dupAckCounter` counts. */
  dupAckSeq = 0
  dupAckCounter = 0
  compressedAcks = 0
  /** Where the last SACK block ended; null: at the head of the queue. */
  sackHint: SendSegment | null = null
}

const NO_LOSS: LossState = new LossState()

/** The part of a connection that is made with its first loss or reordering. */
export class ConnectionLoss extends ConnectionRare {
  private loss: LossState = NO_LOSS

  private ownLoss(): LossState {
    if (this.loss === NO_LOSS) this.loss = new LossState()
    return this.loss
  }

  /** Makes sure that `sackStart` and `sackEnd` can be written. */
  holdSackBlocks(): void {
    if (this.loss.sackStart !== NO_BLOCKS) return
    const loss = this.ownLoss()
    loss.sackStart = new Int32Array(4)
    loss.sackEnd = new Int32Array(4)
  }

  get dsackStart(): number {
    return this.loss.dsackStart
  }

  set dsackStart(value: number) {
    if (value !== this.loss.dsackStart) this.ownLoss().dsackStart = value
  }

  get dsackEnd(): number {
    return this.loss.dsackEnd
  }

  set dsackEnd(value: number) {
    if (value !== this.loss.dsackEnd) this.ownLoss().dsackEnd = value
  }

  get sackStart(): Int32Array {
    return this.loss.sackStart
  }

  get sackEnd(): Int32Array {
    return this.loss.sackEnd
  }

  get priorSsthresh(): number {
    return this.loss.priorSsthresh
  }

  set priorSsthresh(value: number) {
    if (value !== this.loss.priorSsthresh) this.ownLoss().priorSsthresh = value
  }

  get priorCwnd(): number {
    return this.loss.priorCwnd
  }

  set priorCwnd(value: number) {
    if (value !== this.loss.priorCwnd) this.ownLoss().priorCwnd = value
  }

  get prrDelivered(): number {
    return this.loss.prrDelivered
  }

  set prrDelivered(value: number) {
    if (value !== this.loss.prrDelivered) this.ownLoss().prrDelivered = value
  }

  get prrOut(): number {
    return this.loss.prrOut
  }

  set prrOut(value: number) {
    if (value !== this.loss.prrOut) this.ownLoss().prrOut = value
  }

  get undoMarker(): number {
    return this.loss.undoMarker
  }

  set undoMarker(value: number) {
    if (value !== this.loss.undoMarker) this.ownLoss().undoMarker = value
  }

  get undoRetrans(): number {
    return this.loss.undoRetrans
  }

  set undoRetrans(value: number) {
    if (value !== this.loss.undoRetrans) this.ownLoss().undoRetrans = value
  }

  get frto(): boolean {
    return this.loss.frto
  }

  set frto(value: boolean) {
    if (value !== this.loss.frto) this.ownLoss().frto = value
  }

  get rackDsackSeen(): boolean {
    return this.loss.rackDsackSeen
  }

  set rackDsackSeen(value: boolean) {
    if (value !== this.loss.rackDsackSeen) this.ownLoss().rackDsackSeen = value
  }

  get rackSteps(): number {
    return this.loss.rackSteps
  }

  set rackSteps(value: number) {
    if (value !== this.loss.rackSteps) this.ownLoss().rackSteps = value
  }

  get rackPersist(): number {
    return this.loss.rackPersist
  }

  set rackPersist(value: number) {
    if (value !== this.loss.rackPersist) this.ownLoss().rackPersist = value
  }

  get reorderSeen(): number {
    return this.loss.reorderSeen
  }

  set reorderSeen(value: number) {
    if (value !== this.loss.reorderSeen) this.ownLoss().reorderSeen = value
  }

  get sackReneging(): boolean {
    return this.loss.sackReneging
  }

  set sackReneging(value: boolean) {
    if (value !== this.loss.sackReneging) this.ownLoss().sackReneging = value
  }

  get lossProbeHigh(): number {
    return this.loss.lossProbeHigh
  }

  set lossProbeHigh(value: number) {
    if (value !== this.loss.lossProbeHigh) this.ownLoss().lossProbeHigh = value
  }

  get lossProbeRetransmit(): boolean {
    return this.loss.lossProbeRetransmit
  }

  set lossProbeRetransmit(value: boolean) {
    if (value !== this.loss.lossProbeRetransmit) this.ownLoss().lossProbeRetransmit = value
  }

  get lost(): number {
    return this.loss.lost
  }

  set lost(value: number) {
    if (value !== this.loss.lost) this.ownLoss().lost = value
  }

  get totalTimeouts(): number {
    return this.loss.totalTimeouts
  }

  set totalTimeouts(value: number) {
    if (value !== this.loss.totalTimeouts) this.ownLoss().totalTimeouts = value
  }

  get bytesRetrans(): number {
    return this.loss.bytesRetrans
  }

  set bytesRetrans(value: number) {
    if (value !== this.loss.bytesRetrans) this.ownLoss().bytesRetrans = value
  }

  get dsackDups(): number {
    return this.loss.dsackDups
  }

  set dsackDups(value: number) {
    if (value !== this.loss.dsackDups) this.ownLoss().dsackDups = value
  }

  get rcvOutOfOrder(): number {
    return this.loss.rcvOutOfOrder
  }

  set rcvOutOfOrder(value: number) {
    if (value !== this.loss.rcvOutOfOrder) this.ownLoss().rcvOutOfOrder = value
  }

  get dupAckSeq(): number {
    return this.loss.dupAckSeq
  }

  set dupAckSeq(value: number) {
    if (value !== this.loss.dupAckSeq) this.ownLoss().dupAckSeq = value
  }

  get dupAckCounter(): number {
    return this.loss.dupAckCounter
  }

  set dupAckCounter(value: number) {
    if (value !== this.loss.dupAckCounter) this.ownLoss().dupAckCounter = value
  }

  get compressedAcks(): number {
    return this.loss.compressedAcks
  }

  set compressedAcks(value: number) {
    if (value !== this.loss.compressedAcks) this.ownLoss().compressedAcks = value
  }

  get sackHint(): SendSegment | null {
    return this.loss.sackHint
  }

  set sackHint(value: SendSegment | null) {
    if (value !== this.loss.sackHint) this.ownLoss().sackHint = value
  }
}
