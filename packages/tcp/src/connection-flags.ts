import { ConnectionLoss } from './connection-loss.js'

const FIN_RECEIVED = 0x1
const SACK_OK = 0x2
const TIMESTAMPS_OK = 0x4
const WINDOW_SCALE_OK = 0x8
const SAW_TIMESTAMP = 0x10
const DSACK_WAITING = 0x20
const CWND_LIMITED = 0x40
const RACK_ADVANCED = 0x80
const LOSS_PROBE_SENT = 0x100
const RATE_APP_LIMITED = 0x200
const NO_SPACE = 0x400
const THROTTLED = 0x800
const ORPHANED = 0x1000
const DEAD = 0x2000
const CONNECT_UNTOLD = 0x4000
const WRITER_WAITS = 0x8000

/** The flags of a connection, each a bit of one word: a hundred thousand connections are to fit into memory. */
export class ConnectionFlags extends ConnectionLoss {
  private flags = 0

  private put(bit: number, value: boolean): void {
    this.flags = value ? this.flags | bit : this.flags & ~bit
  }

  /** The peer's FIN came in order: after what is queued there is nothing more. */
  get finReceived(): boolean {
    return (this.flags & FIN_RECEIVED) !== 0
  }

  set finReceived(value: boolean) {
    this.put(FIN_RECEIVED, value)
  }

  get sackOk(): boolean {
    return (this.flags & SACK_OK) !== 0
  }

  set sackOk(value: boolean) {
    this.put(SACK_OK, value)
  }

  get timestampsOk(): boolean {
    return (this.flags & TIMESTAMPS_OK) !== 0
  }

  set timestampsOk(value: boolean) {
    this.put(TIMESTAMPS_OK, value)
  }

  get windowScaleOk(): boolean {
    return (this.flags & WINDOW_SCALE_OK) !== 0
  }

  set windowScaleOk(value: boolean) {
    this.put(WINDOW_SCALE_OK, value)
  }

  /** Of the segment at hand: whether it has timestamps (`rcvTsval`, `rcvTsecr`). */
  get sawTimestamp(): boolean {
    return (this.flags & SAW_TIMESTAMP) !== 0
  }

  set sawTimestamp(value: boolean) {
    this.put(SAW_TIMESTAMP, value)
  }

  /** Whether the next acknowledgement tells a D-SACK before the other blocks. */
  get dsackWaiting(): boolean {
    return (this.flags & DSACK_WAITING) !== 0
  }

  set dsackWaiting(value: boolean) {
    this.put(DSACK_WAITING, value)
  }

  get cwndLimited(): boolean {
    return (this.flags & CWND_LIMITED) !== 0
  }

  set cwndLimited(value: boolean) {
    this.put(CWND_LIMITED, value)
  }

  get rackAdvanced(): boolean {
    return (this.flags & RACK_ADVANCED) !== 0
  }

  set rackAdvanced(value: boolean) {
    this.put(RACK_ADVANCED, value)
  }

  get lossProbeSent(): boolean {
    return (this.flags & LOSS_PROBE_SENT) !== 0
  }

  set lossProbeSent(value: boolean) {
    this.put(LOSS_PROBE_SENT, value)
  }

  get rateAppLimited(): boolean {
    return (this.flags & RATE_APP_LIMITED) !== 0
  }

  set rateAppLimited(value: boolean) {
    this.put(RATE_APP_LIMITED, value)
  }

  /** A writer found no room and is to be told when there is. */
  get noSpace(): boolean {
    return (this.flags & NO_SPACE) !== 0
  }

  set noSpace(value: boolean) {
    this.put(NO_SPACE, value)
  }

  get throttled(): boolean {
    return (this.flags & THROTTLED) !== 0
  }

  set throttled(value: boolean) {
    this.put(THROTTLED, value)
  }

  /** Nobody holds the socket any more. */
  get orphaned(): boolean {
    return (this.flags & ORPHANED) !== 0
  }

  set orphaned(value: boolean) {
    this.put(ORPHANED, value)
  }

  /** Done with: no timer and no packet finds it any more. */
  get dead(): boolean {
    return (this.flags & DEAD) !== 0
  }

  set dead(value: boolean) {
    this.put(DEAD, value)
  }

  /** `connect` said that it goes on, and how it ended has not been told yet. */
  get connectUntold(): boolean {
    return (this.flags & CONNECT_UNTOLD) !== 0
  }

  set connectUntold(value: boolean) {
    this.put(CONNECT_UNTOLD, value)
  }

  /** A writer waits for the handshake: its data will carry the acknowledgement (Linux's `sk_write_pending`). */
  get writerWaits(): boolean {
    return (this.flags & WRITER_WAITS) !== 0
  }

  set writerWaits(value: boolean) {
    this.put(WRITER_WAITS, value)
  }
}
