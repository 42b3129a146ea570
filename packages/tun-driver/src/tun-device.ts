import type { MacAddress } from '@jackfield/addr'
import {
  EBADF,
  type LinkDevice,
  type LinkMedium,
  type LinkOffload,
  type LinkReceiver,
  type LinkStatistics,
  NO_OFFLOAD,
} from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import type { Attachment } from './attach.js'
import { BusyPoller } from './busy-poller.js'
import { type InterfaceInformation, readState, readStateOf } from './interface-request.js'
import type { KernelCalls } from './kernel-calls.js'
import { LinkMonitor } from './link-monitor.js'
import { deviceName, visitDevice } from './moved-device.js'
import type { CheckedOptions } from './options.js'
import { QueueReader } from './queue-reader.js'
import { QueueWriter } from './queue-writer.js'
import { READ_BUFFER, READ_VIEW, ReadableWatch } from './readable-watch.js'
import { TunError } from './tun-error.js'
import { flowHash } from './wire/frame-offsets.js'

/** Packets taken from one queue before the end of the burst is told. */
const BURST = 64
/** The kernel answers some packets before the call that gave it them is over: a burst as small as this is followed by another look. */
const SMALL_BURST = 8
/** How long to wait before the kernel is offered packets again that it had no room for, in milliseconds. */
const RETRY = 1

/** One queue of an open device. */
interface Queue {
  readonly watch: ReadableWatch
  readonly reader: QueueReader
  readonly writer: QueueWriter
}

/**
 * A TUN or TAP device: made by `openTun` and `openTap`.
 *
 * Packets are written to the kernel as they come, and read in bursts. `statistics` count: `rxErrors` packets whose
 * offload header made no sense; `txErrors` packets that the kernel refused or that this device cannot cut;
 * `txDropped` those that met a full queue or an interface that is down or gone; `rxDropped` stays 0: what finds
 * no room waits in the kernel, which counts it on its own side.
 */
export class TunDevice<Medium extends LinkMedium = LinkMedium> implements LinkDevice<Medium> {
  /** The name that the kernel gave it. */
  readonly name: string
  /** The kernel's number of the interface. */
  readonly index: number
  readonly medium: Medium
  readonly hardwareAddress?: MacAddress
  readonly offload: LinkOffload
  /** How many queues it has. */
  readonly queues: number
  readonly statistics: LinkStatistics = {
    rxPackets: 0,
    rxBytes: 0,
    rxDropped: 0,
    rxErrors: 0,
    txPackets: 0,
    txBytes: 0,
    txDropped: 0,
    txErrors: 0,
  }
  private readonly calls: KernelCalls
  private readonly format: { readonly ethernet: boolean; readonly offload: boolean }
  private readonly busyPoll: number
  private state: InterfaceInformation
  /** Those that nobody waits on yet. */
  private readonly fds: number[]
  private attached: Queue[] = []
  private receiver: LinkReceiver | null = null
  private poller: BusyPoller | null = null
  private monitor: LinkMonitor | null = null
  private retry: ReturnType<typeof setTimeout> | null = null
  /** Whether the receiver waits for `writable`. */
  private refused = false
  /** The carrier that the receiver knows of: a device is taken to have one until it says otherwise. */
  private told = true
  /** Whether the kernel ended it. */
  private gone = false
  private closed = false
  private referenced = true

  /** @internal */
  constructor(
    calls: KernelCalls,
    medium: Medium,
    attachment: Attachment,
    options: CheckedOptions,
    state: InterfaceInformation,
  ) {
    this.calls = calls
    this.medium = medium
    this.name = attachment.name
    this.fds = attachment.fds
    this.queues = attachment.fds.length
    this.index = state.index
    this.state = state
    this.busyPoll = options.busyPoll
    if (options.hardwareAddress !== undefined) this.hardwareAddress = options.hardwareAddress
    this.format = { ethernet: medium === 'ethernet', offload: options.offload }
    this.offload = options.offload
      ? {
          checksum: true,
          tcpSegmentation: true,
          udpSegmentation: attachment.udpSegmentation,
          maxSegmentedLength: 65_535,
        }
      : NO_OFFLOAD
  }

  /** Of the kernel's end, which this end shares; follows what is set there while the device is open, in another network namespace too. */
  get mtu(): number {
    return this.state.mtu
  }

  /** Whether the kernel's end is up. */
  get carrier(): boolean {
    return this.state.up
  }

  /** Begins delivery, and keeps the program running until `close` or `unref`. Error if it was opened or closed before; TunError. */
  open(receiver: LinkReceiver): void {
    if (this.closed) throw new TunError(EBADF, 'open', { address: this.name, detail: 'the device was closed' })
    if (this.receiver !== null) throw new Error(`${this.name} was opened before: a device has one receiver`)
    this.receiver = receiver
    try {
      for (let fd = this.fds.pop(); fd !== undefined; fd = this.fds.pop()) {
        // Back for `close` to find, should it stay ours.
        this.fds.push(fd)
        this.attached.push(this.attachQueue(fd, receiver))
        this.fds.pop()
      }
      this.monitor = new LinkMonitor(this.calls, () => this.refresh())
    } catch (error) {
      this.close()
      throw error
    }
    this.poller = new BusyPoller({ poll: () => this.poll() }, this.busyPoll)
    if (!this.referenced) this.unref()
    // What changed before the monitor listened; not from inside of `open`, whose caller may not be ready.
    setImmediate(() => this.refresh())
  }

  /** Hands the packet to the kernel at once. One that meets an interface that is down is lost and counted, as on a dead wire. */
  transmit(packet: Packet): boolean {
    const queues = this.attached
    if (queues.length === 0) {
      this.statistics.txDropped++
      packet.release()
      return false
    }
    const index = queues.length === 1 ? 0 : flowHash(packet, this.format.ethernet) % queues.length
    const writer = (queues[index] as Queue).writer
    const taken = writer.transmit(packet)
    if (!taken) this.refused = true
    if (writer.waiting > 0 && this.retry === null) this.retry = setTimeout(this.retryNow, RETRY)
    return taken
  }

  /** Offers the kernel what it had no room for. What it takes was sent in `transmit` already. */
  flush(): void {
    if (this.retry !== null) this.drain()
  }

  /**
   * Asks the kernel for MTU and state, and tells the receiver if they changed. The kernel reports changes by itself,
   * so this is for systems that keep rtnetlink from programs.
   */
  refresh(): void {
    if (this.closed) return
    const before = this.state
    const now = this.look()
    this.state = now === null ? { ...before, up: false, running: false } : now
    if (this.receiver === null || (this.state.mtu === before.mtu && this.state.up === this.told)) return
    this.told = this.state.up
    this.receiver.changed({ carrier: this.state.up, mtu: this.state.mtu })
  }

  /**
   * The state where the device is. One that was moved to another network namespace, as that of a container, stays connected and
   * is followed; where this program may not look there, the device is taken to be up. null: it is gone.
   */
  private look(): InterfaceInformation | null {
    if (this.gone) return null
    const here = readStateOf(this.calls, this.index)
    const fd = this.attached[0]?.watch.fd ?? this.fds[0]
    if (here !== null || fd === undefined) return here
    const name = deviceName(this.calls, fd)
    if (name === null) return null
    // First: what changes after the look is told.
    this.monitor?.hearOthers()
    return visitDevice(this.calls, fd, () => readState(this.calls, name)) ?? { ...this.state, up: true, running: true }
  }

  /** Keeps the program running while the device is open (the default). */
  ref(): this {
    this.referenced = true
    for (const queue of this.attached) queue.watch.ref()
    return this
  }

  /** Lets the program end although the device is open. */
  unref(): this {
    this.referenced = false
    for (const queue of this.attached) queue.watch.unref()
    return this
  }

  /**
   * Ends delivery, drops what waits and frees everything before it returns; a device that is not persistent is then gone from
   * the kernel too. May be called twice.
   */
  close(): void {
    this.closed = true
    this.detach()
    for (let fd = this.fds.pop(); fd !== undefined; fd = this.fds.pop()) this.calls.close(fd)
    this.monitor?.close()
    this.monitor = null
  }

  private attachQueue(fd: number, receiver: LinkReceiver): Queue {
    const { calls, statistics, format } = this
    const watch = new ReadableWatch(calls, fd, {
      readable: (length) => {
        const { txPackets } = statistics
        reader.deliverFrom(READ_BUFFER, READ_VIEW, length)
        const more = reader.readBurst(BURST - 1)
        if (!this.closed) receiver.burstEnd()
        // What was answered may have its answer already. Found now it needs no turn of the event loop (which takes five looks' time).
        if (more < SMALL_BURST && statistics.txPackets !== txPackets && reader.readBurst(BURST) > 0 && !this.closed) {
          receiver.burstEnd()
        }
        this.poller?.traffic()
      },
      ended: () => {
        // Deleted by somebody else. The descriptors are dead, and their numbers may soon be another's.
        this.gone = true
        this.detach()
        this.refresh()
      },
    })
    const reader = new QueueReader(calls, watch.fd, receiver, statistics, format)
    return { watch, reader, writer: new QueueWriter(calls, watch.fd, statistics, format) }
  }

  private poll(): number {
    let taken = 0
    for (const queue of this.attached) taken += queue.reader.readBurst(BURST)
    if (taken > 0 && !this.closed) this.receiver?.burstEnd()
    return taken
  }

  private readonly retryNow = (): void => {
    this.drain()
  }

  private drain(): void {
    if (this.retry !== null) clearTimeout(this.retry)
    this.retry = null
    let waiting = 0
    for (const queue of this.attached) {
      queue.writer.drain()
      waiting += queue.writer.waiting
    }
    if (waiting > 0) {
      this.retry = setTimeout(this.retryNow, RETRY)
    } else if (this.refused) {
      this.refused = false
      this.receiver?.writable()
    }
  }

  private detach(): void {
    const queues = this.attached
    this.attached = []
    this.poller?.close()
    if (this.retry !== null) clearTimeout(this.retry)
    this.retry = null
    for (const queue of queues) {
      queue.watch.close()
      queue.reader.close()
      queue.writer.close()
    }
  }
}
