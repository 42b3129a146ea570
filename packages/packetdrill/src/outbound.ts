import type { Configuration } from './configuration.js'
import { packetLine, printSpec, printWire } from './print-packet.js'
import { type PacketSpec, TCP_FIN, TCP_PSH, TCP_SYN, type TcpOption } from './script.js'
import type { SentPacket } from './script-device.js'
import { ScriptError } from './script-error.js'
import type { ScriptSocket } from './script-socket.js'
import type { SocketBook } from './socket-book.js'
import { verifyPacket } from './verify-packet.js'
import { type DueTime, verifyTime } from './verify-time.js'
import { decodePacket } from './wire/decode.js'
import { isMd5Good } from './wire/md5-digest.js'
import type { WirePacket, WireTcp } from './wire/packet.js'

/** What checking a packet of the stack needs of the run. */
export interface OutboundRun {
  readonly book: SocketBook
  readonly configuration: Configuration
  /** What the stack sent and the script has not looked at; those that are looked at are taken out. */
  readonly sent: SentPacket[]
  /** When the script began, on the stack's clock. */
  readonly startTime: number
  /** How long a packet that is late is waited for, so that the report can say when it came: microseconds. */
  readonly patience: number
  /** How much later than it was sent a packet may be seen, for the time since the event before it. */
  lateness(duration: number): number
  /** Lets time pass until the stack sends something, to a time of the script at most; false: it did not. */
  waitForPacket(until: number): Promise<boolean>
}

/** How long a packet with any time (`*`) is waited for. */
const LONG_PATIENCE = 7200e6

/** Takes the next packet of a socket and checks it against the script's; throws what is wrong with it. Returns when it was sent. */
export async function checkOutbound(
  packet: PacketSpec,
  due: DueTime,
  since: number,
  run: OutboundRun,
): Promise<number> {
  const socket = run.book.forScript(packet)
  let expected = packet
  for (;;) {
    const { wire, bytes, time } = await nextPacket(expected, socket, due, since, run)
    learn(expected, wire, socket)
    const actual = toScript(expected, wire, socket, run.configuration, (): boolean => {
      const { md5Key } = run.book
      return md5Key !== null && isMd5Good(bytes, md5Key)
    })
    const part = isPart(expected, actual, run.configuration)
    const checked = part ? firstPart(expected, actual) : expected
    const report = (message: string, warning = false): never => {
      const lines = [
        message,
        packetLine('script', due.any ? time : due.start, printSpec(expected)),
        packetLine('actual', time, printWire(actual)),
      ]
      throw new ScriptError('packet', packet.line, lines.join('\n'), warning)
    }
    const wrong = verifyPacket(checked, actual, run.configuration, part)
    if (wrong !== null) report(wrong)
    const late = verifyTime(due, time, since, 'outbound packet', run.configuration, run.lateness)
    if (late !== null) report(late, true)
    if (!part) return time
    expected = restOf(expected, actual)
  }
}

async function nextPacket(
  packet: PacketSpec,
  socket: ScriptSocket,
  due: DueTime,
  since: number,
  run: OutboundRun,
): Promise<{ wire: WirePacket; bytes: Uint8Array; time: number }> {
  const until = due.any ? since + LONG_PATIENCE : due.end + run.lateness(due.end - since) + run.patience
  const { sent, startTime } = run
  for (let at = 0; ; ) {
    const next = sent[at]
    if (next === undefined) {
      if (await run.waitForPacket(until)) continue
      const lines = [
        'timed out waiting for packet',
        packetLine('script', due.any ? since : due.start, printSpec(packet)),
      ]
      throw new ScriptError('packet', packet.line, lines.join('\n'))
    }
    const { packet: wire, fault } = decodePacket(next.bytes)
    if (fault !== null) throw new ScriptError('packet', packet.line, `the stack sent a malformed packet: ${fault}`)
    if (run.book.matches(socket, wire)) {
      sent.splice(at, 1)
      return { wire, bytes: next.bytes, time: next.time - startTime }
    }
    at++
  }
}

/** Learns from a packet what later ones are mapped by. */
function learn({ body }: PacketSpec, wire: WirePacket, socket: ScriptSocket): void {
  if (body.protocol !== 'tcp' || wire.body.protocol !== 'tcp') return
  if ((body.flags & wire.body.flags & TCP_SYN) !== 0) socket.learnSequence(body.seq, wire.body.seq)
  const script = timestampOf(body.options)
  const live = timestampOf(wire.body.options)
  if (live === undefined) return
  if (script !== undefined) socket.learnTimestamp(script.value, live.value)
  else if (body.options === null) socket.passTimestamp(live.value)
}

function timestampOf(options: readonly TcpOption[] | null): Extract<TcpOption, { kind: 'timestamp' }> | undefined {
  return options?.find((each) => each.kind === 'timestamp')
}

/** A packet of the stack with sequence numbers and time stamps as the script has them; a stamp near enough is the script's. */
function toScript(
  { body }: PacketSpec,
  wire: WirePacket,
  socket: ScriptSocket,
  configuration: Configuration,
  isSigned: () => boolean,
): WirePacket {
  if (wire.body.protocol !== 'tcp') return wire
  const script = body.protocol === 'tcp' ? timestampOf(body.options) : undefined
  const wanted = body.protocol === 'tcp' ? body.options?.find((each) => each.kind === 'md5' && each.good) : undefined
  const options = wire.body.options.map((option): TcpOption => {
    if (option.kind === 'md5' && wanted !== undefined && isSigned()) return wanted
    if (option.kind !== 'timestamp' || script === undefined) return option
    const drift = socket.timestampDrift(script.value, option.value)
    const near = Math.abs(drift) * configuration.tcpTsTickUsecs <= configuration.toleranceUsecs
    return { ...option, value: near ? script.value : (script.value + drift) >>> 0 }
  })
  const mapped: WireTcp = { ...wire.body, seq: socket.toScript(wire.body.seq), options }
  return { ...wire, body: mapped }
}

/** Whether a segment of the stack is the first of several that make up one of the script's. */
function isPart({ body }: PacketSpec, { body: actual }: WirePacket, { strictSegments }: Configuration): boolean {
  if (strictSegments || body.protocol !== 'tcp' || actual.protocol !== 'tcp') return false
  return actual.length > 0 && actual.length < body.length && (actual.flags & TCP_SYN) === 0
}

function firstPart(packet: PacketSpec, { body: actual }: WirePacket): PacketSpec {
  const { body } = packet
  if (body.protocol !== 'tcp' || actual.protocol !== 'tcp') return packet
  return { ...packet, body: { ...body, length: actual.length, flags: body.flags & ~(TCP_PSH | TCP_FIN) } }
}

function restOf(packet: PacketSpec, { body: actual }: WirePacket): PacketSpec {
  const { body } = packet
  if (body.protocol !== 'tcp' || actual.protocol !== 'tcp') return packet
  return { ...packet, body: { ...body, seq: (body.seq + actual.length) >>> 0, length: body.length - actual.length } }
}
