import type { CounterGroup } from '@jackfield/interfaces'

/** What one protocol (UDP or UDP-Lite) counts, under Linux's SNMP names without their prefix. */
export class UdpCounts {
  /** Datagrams that a receive call took. */
  InDatagrams = 0
  /** Unicast to a port that nobody has. */
  NoPorts = 0
  /** Dropped for any other reason; the next ones say which. */
  InErrors = 0
  OutDatagrams = 0
  /** The socket's receive buffer was full. */
  RcvbufErrors = 0
  /** The socket's send buffer, or a queue below, was full. */
  SndbufErrors = 0
  InCsumErrors = 0
  /** Multicast or broadcast that no socket wants. */
  IgnoredMulti = 0
  /** Over `net.ipv4.udp_mem`. */
  MemErrors = 0
}

/** The counts under their full names (`UdpInDatagrams`, `UdpLiteInDatagrams`), read through to the object. */
export function countersOf(counts: UdpCounts, prefix: string): CounterGroup {
  const group: CounterGroup = {}
  for (const name of Object.keys(counts) as (keyof UdpCounts)[]) {
    Object.defineProperty(group, prefix + name, { enumerable: true, get: () => counts[name] })
  }
  return group
}
