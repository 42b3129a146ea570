import type { Layer } from './layer.js'
import type { TcpSession } from './tcp-session.js'

/** What a transport needs to know of the packet around it. */
export interface NetworkContext {
  readonly version: 4 | 6
  readonly source: string
  readonly destination: string
  readonly protocol: number
  /** Whether this is the first of several fragments: lengths and checksums tell of more than is there. */
  readonly fragmented: boolean
  /** The sum of both addresses as `sumBytes` counts, for pseudo-header checksums. */
  readonly addressSum: number
}

/** What a dissector is given. */
export interface DissectInput {
  readonly view: DataView
  /** The part to be read: nothing past `end` was captured. */
  readonly start: number
  readonly end: number
  /** How many bytes there were on the wire from `start`: what the layer below says. */
  readonly length: number
  /** Null below the network layer. */
  readonly network: NetworkContext | null
  /** Inside an ICMP error, where a packet is rarely whole and its checksums are not checked. */
  readonly quoted: boolean
  /** How many layers there are below. */
  readonly depth: number
  readonly dissectors: Dissectors
  /** What is known of the connections of a capture. */
  readonly session?: TcpSession
}

/** Reads one layer and, through the registry, what it carries. Must not throw, whatever the bytes are: check `end` before each read. */
export type Dissector = (input: DissectInput) => Layer

/** Which dissector reads what. Add your own, or replace any. */
export interface Dissectors {
  readonly etherTypes: Map<number, Dissector>
  /** By IP protocol number, for both versions. */
  readonly protocols: Map<number, Dissector>
  /** By port, destination first, for UDP and UDP-Lite. */
  readonly udpPorts: Map<number, Dissector>
}

/** Layers nest no deeper: a packet of tunnels and tags alone must not cost a stack. */
const MAX_DEPTH = 16

/** Runs a dissector on what `input` carries from `start`; null where there is none or the layers are too many. */
export function dissectPayload(
  dissector: Dissector | undefined,
  input: DissectInput,
  start: number,
  end: number,
  length: number,
  network: NetworkContext | null = input.network,
  quoted: boolean = input.quoted,
): Layer | null {
  const { view, depth, dissectors, session } = input
  if (dissector === undefined || depth >= MAX_DEPTH) return null
  const inner = { view, start, end, length, network, quoted, depth: depth + 1, dissectors }
  return dissector(session === undefined ? inner : { ...inner, session })
}
