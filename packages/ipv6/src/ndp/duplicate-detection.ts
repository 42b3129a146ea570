import type { Timer } from '@jackfield/clock'
import type { Ipv6Address } from '../address.js'
import type { NdpContext } from './context.js'
import type { NdpTransmitter, Nonce } from './transmitter.js'

/** Addresses that are probed at one time; more are used without (there would be no room to hear of them all). */
const MAX_PROBED = 1024

interface Probe {
  readonly address: Ipv6Address
  readonly timer: Timer
  /** Solicitations still to be sent. */
  left: number
  nonce: Nonce | null
}

/** What became of an address. */
export interface DuplicateObserver {
  /** Nobody else has it. */
  unique(address: Ipv6Address): void
  /** Somebody has it. */
  duplicate(address: Ipv6Address): void
}

/** Finds out whether an address is another node's before it is used (RFC 4862 5.4, with the nonces of RFC 7527). */
export class DuplicateDetection {
  private readonly context: NdpContext
  private readonly transmitter: NdpTransmitter
  private readonly observer: DuplicateObserver
  private readonly probes = new Map<Ipv6Address, Probe>()

  constructor(context: NdpContext, transmitter: NdpTransmitter, observer: DuplicateObserver) {
    this.context = context
    this.transmitter = transmitter
    this.observer = observer
  }

  /**
   * Begins, after a random delay that keeps hosts apart that start together (RFC 4862 5.4.2).
   * @param retransmit microseconds between solicitations, and after the last
   * @returns false where it is switched off
   */
  start(address: Ipv6Address, retransmit: () => number): boolean {
    const { clock, random, configurations } = this.context
    const configuration = configurations.of(address.interface.index)
    if (configuration.accept_dad === 0 || configuration.dad_transmits === 0) return false
    if (this.probes.size >= MAX_PROBED) return false
    this.stop(address)
    const probe: Probe = {
      address,
      left: configuration.dad_transmits,
      nonce: null,
      timer: clock.createTimer(() => this.next(probe, retransmit())),
    }
    this.probes.set(address, probe)
    probe.timer.setAfter(random.fraction() * configuration.router_solicitation_delay * 1e6)
    return true
  }

  /** Ends it without a result. */
  stop(address: Ipv6Address): void {
    this.probes.get(address)?.timer.cancel()
    this.probes.delete(address)
  }

  /** Somebody probes the same address. Our own probe that came back does not count: its nonce tells. */
  heardProbe(address: Ipv6Address, nonce: Nonce | null): void {
    const probe = this.probes.get(address)
    if (probe === undefined) return
    if (nonce !== null && probe.nonce?.high === nonce.high && probe.nonce.low === nonce.low) return
    this.fail(probe)
  }

  /** Somebody advertises the address as theirs. */
  heardAdvert(address: Ipv6Address): void {
    const probe = this.probes.get(address)
    if (probe !== undefined) this.fail(probe)
  }

  close(): void {
    for (const probe of this.probes.values()) probe.timer.cancel()
    this.probes.clear()
  }

  private next(probe: Probe, retransmit: number): void {
    if (probe.left === 0) {
      this.probes.delete(probe.address)
      this.observer.unique(probe.address)
      return
    }
    probe.left--
    const { random, configurations } = this.context
    const networkInterface = probe.address.interface
    const enhanced = configurations.of(networkInterface.index).enhanced_dad === 1
    probe.nonce = enhanced ? { high: random.uint32() & 0xffff, low: random.uint32() | 0 } : null
    this.transmitter.probe(networkInterface, probe.address.address, probe.nonce)
    probe.timer.setAfter(retransmit)
  }

  private fail(probe: Probe): void {
    this.stop(probe.address)
    this.context.counters.NdpDadFailures++
    this.observer.duplicate(probe.address)
  }
}
