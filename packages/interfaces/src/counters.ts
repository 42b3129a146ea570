/**
 * Counts under Linux's SNMP names (`UdpNoPorts`, `IpReasmFails`) or, where Linux has none, names of the same style.
 * An object literal with all its names from the start, incremented in place.
 */
export type CounterGroup = Record<string, number>

/** A setting with its sysctl name. */
export interface Setting {
  /** As `net.ipv4.ip_default_ttl`. */
  readonly name: string
  /** The present value: an integer, or text for lists such as `net.ipv4.ip_local_port_range`. */
  get(): number | string
  /** Takes a value that passed `minimum` and `maximum`; throws a RangeError that says what would be right. */
  set(value: number | string): void
  /** Bounds of an integer setting. */
  readonly minimum?: number
  readonly maximum?: number
}
