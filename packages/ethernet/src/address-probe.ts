import type { MacAddress } from '@jackfield/addr'
import type { Clock, RandomSource, Timer } from '@jackfield/clock'
import type { ArpTransmitter } from './arp-transmitter.js'
import type { EthernetLink } from './ethernet-link.js'
import { ARP_REQUEST, type ArpPacket } from './wire/arp-packet.js'

// RFC 5227 1.1, times in microseconds.
const PROBE_WAIT = 1_000_000
const PROBE_NUM = 3
const PROBE_MIN = 1_000_000
const PROBE_MAX = 2_000_000
const ANNOUNCE_WAIT = 2_000_000
const MAX_CONFLICTS = 10
const RATE_LIMIT_INTERVAL = 60_000_000

/** Probes under way at one time. */
const MAX_PROBES = 256

/** Told how a probe ended: who has the address, or null where it is free. */
export type ProbeResult = (claimant: MacAddress | null) => void

interface Probe {
  readonly link: EthernetLink
  readonly address: number
  readonly done: ProbeResult
  readonly timer: Timer
  sent: number
}

/** What probing an interface led to so far. */
interface History {
  conflicts: number
  /** When the last probe began. */
  last: number
}

/** Address conflict detection before an address is used (RFC 5227 2.1). */
export class AddressProbes {
  private readonly clock: Clock
  private readonly random: RandomSource
  private readonly transmitter: ArpTransmitter
  private readonly probes: Probe[] = []
  private readonly histories = new Map<number, History>()

  constructor(clock: Clock, random: RandomSource, transmitter: ArpTransmitter) {
    this.clock = clock
    this.random = random
    this.transmitter = transmitter
  }

  /** Begins to probe. Returns how to end it early; `done` is then not called. */
  start(link: EthernetLink, address: number, done: ProbeResult): () => void {
    if (this.probes.length >= MAX_PROBES) throw new RangeError(`at most ${MAX_PROBES} addresses are probed at a time`)
    const probe: Probe = { link, address, done, timer: this.clock.createTimer(() => this.next(probe)), sent: 0 }
    this.probes.push(probe)
    const now = this.clock.now()
    const history = this.history(link)
    // RFC 5227 2.1.1: after so many conflicts no faster than one address a minute.
    const earliest = history.conflicts >= MAX_CONFLICTS ? Math.max(now, history.last + RATE_LIMIT_INTERVAL) : now
    history.last = earliest
    probe.timer.set(earliest + PROBE_WAIT * this.random.fraction())
    return () => this.remove(probe)
  }

  /** Any ARP packet that came in: whoever uses a probed address, or probes it too, has it (RFC 5227 2.1.1). */
  hear(link: EthernetLink, arp: ArpPacket, from: MacAddress): void {
    for (let i = this.probes.length - 1; i >= 0; i--) {
      const probe = this.probes[i]
      if (probe === undefined || probe.link !== link) continue
      const rival = arp.operation === ARP_REQUEST && arp.sender === 0 && arp.target === probe.address
      if (arp.sender !== probe.address && !rival) continue
      this.remove(probe)
      this.history(link).conflicts++
      probe.done(from)
    }
  }

  /** The link went, or all of them. */
  close(link: EthernetLink | null): void {
    for (const probe of [...this.probes]) if (link === null || probe.link === link) this.remove(probe)
  }

  /** The interface went for good. */
  forget(index: number): void {
    this.histories.delete(index)
  }

  private next(probe: Probe): void {
    if (probe.sent === PROBE_NUM) {
      this.remove(probe)
      probe.done(null)
      return
    }
    probe.sent++
    const wait = probe.sent === PROBE_NUM ? ANNOUNCE_WAIT : PROBE_MIN + (PROBE_MAX - PROBE_MIN) * this.random.fraction()
    probe.timer.setAfter(wait)
    this.transmitter.probe(probe.link, probe.address)
  }

  private remove(probe: Probe): void {
    const at = this.probes.indexOf(probe)
    if (at < 0) return
    probe.timer.cancel()
    this.probes.splice(at, 1)
  }

  private history(link: EthernetLink): History {
    let history = this.histories.get(link.index)
    if (history === undefined) {
      history = { conflicts: 0, last: Number.NEGATIVE_INFINITY }
      this.histories.set(link.index, history)
    }
    return history
  }
}
