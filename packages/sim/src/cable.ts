import type { Cable, Impairments } from '@jackfield/link'
import { type Duration, type Rate, toBitsPerSecond, toMicroseconds } from './quantity.js'

/** What happens to packets on a cable, in units that people write. */
export interface CableImpairments extends Omit<Impairments, 'delay' | 'jitter' | 'rate' | 'reorder'> {
  /** One way. */
  delay?: Duration
  jitter?: Duration
  rate?: Rate
  reorder?: { readonly probability: number; readonly delay: Duration }
}

/** How two nodes are connected. Impairments count for both directions. */
export interface SimCableOptions extends CableImpairments {
  /** For one direction only, instead of the common ones. */
  aToB?: CableImpairments
  bToA?: CableImpairments
  /** IPv4 addresses with prefix length of both ends; undefined for one that is chosen, and for a switch. */
  addresses?: readonly [string | undefined, string | undefined]
  /** The same for IPv6. */
  addresses6?: readonly [string | undefined, string | undefined]
  /** In bytes. Default 1500. */
  mtu?: number
  /** Whether checksums and large segments pass unfinished, as on a veth pair. Default false. */
  offload?: boolean
  /** Packets that may wait in each direction. Default 1000. */
  queue?: number
  /** Capture it, seen from the first end. Default: as the hosts say. */
  capture?: boolean
}

/** A cable of a simulated network. */
export class SimCable {
  readonly name: string
  /** The cable as `@jackfield/link` has it, with its statistics. */
  readonly cable: Cable<'ethernet'>

  /** @internal Use `Network.cable`. */
  constructor(name: string, cable: Cable<'ethernet'>) {
    this.name = name
    this.cable = cable
  }

  /** Changes what happens to the packets that follow; without impairments all go through. */
  setImpairments(impairments: CableImpairments = {}, direction: 'aToB' | 'bToA' | 'both' = 'both'): void {
    this.cable.setImpairments(direction, toImpairments(impairments))
  }

  /** Pulls it out: both ends lose their carrier. */
  unplug(): void {
    this.cable.unplug()
  }

  plug(): void {
    this.cable.plug()
  }
}

/** In the units of `@jackfield/link`; RangeError for quantities that make no sense. */
export function toImpairments(given: CableImpairments): Impairments {
  const { delay, jitter, rate, reorder, ...rest } = given
  return {
    ...rest,
    ...(delay === undefined ? {} : { delay: toMicroseconds(delay, 'delay') }),
    ...(jitter === undefined ? {} : { jitter: toMicroseconds(jitter, 'jitter') }),
    ...(rate === undefined ? {} : { rate: toBitsPerSecond(rate) }),
    ...(reorder === undefined
      ? {}
      : { reorder: { ...reorder, delay: toMicroseconds(reorder.delay, 'reorder.delay') } }),
  }
}

/** The impairments among a cable's options, for one direction. */
export function impairmentsOf(options: SimCableOptions, direction: 'aToB' | 'bToA'): Impairments {
  const { aToB, bToA, addresses, addresses6, mtu, offload, queue, capture, ...common } = options
  const own = direction === 'aToB' ? aToB : bToA
  return toImpairments(own ?? common)
}
