import type { Host, Setting } from '@jackfield/interfaces'

/** The settings that the sockets of every transport of one stack share. */
export class TransportSettings {
  /** `net.core.rmem_default` and so on, in bytes. */
  rmemDefault = 212_992
  rmemMax = 212_992
  wmemDefault = 212_992
  wmemMax = 212_992
  /** `net.ipv4.ip_local_port_range`, both inclusive. */
  portLow = 32_768
  portHigh = 60_999
  /** `net.ipv4.ip_unprivileged_port_start`: binding to a port below it gives `EACCES`. 0: none is privileged. */
  unprivilegedPortStart = 0
  /** `net.ipv4.ip_nonlocal_bind`, 0 or 1. */
  nonlocalBind = 0
  /** `net.ipv6.bindv6only`, 0 or 1: `IPV6_V6ONLY` of new sockets. */
  bindv6only = 0
  private reserved: Uint8Array | null = null
  private reservedText = ''

  /** Whether a port is in `net.ipv4.ip_local_reserved_ports`: never chosen, but free to be bound. */
  isReserved(port: number): boolean {
    const bits = this.reserved
    return bits !== null && (((bits[port >>> 3] as number) >>> (port & 7)) & 1) === 1
  }

  /** The settings under their sysctl names. */
  list(): readonly Setting[] {
    return [
      integerSetting('net.core.rmem_default', this, 'rmemDefault', 2304, 0x3fff_ffff),
      integerSetting('net.core.rmem_max', this, 'rmemMax', 2304, 0x3fff_ffff),
      integerSetting('net.core.wmem_default', this, 'wmemDefault', 4608, 0x3fff_ffff),
      integerSetting('net.core.wmem_max', this, 'wmemMax', 4608, 0x3fff_ffff),
      integerSetting('net.ipv4.ip_unprivileged_port_start', this, 'unprivilegedPortStart', 0, 65_535),
      integerSetting('net.ipv4.ip_nonlocal_bind', this, 'nonlocalBind', 0, 1),
      integerSetting('net.ipv6.bindv6only', this, 'bindv6only', 0, 1),
      {
        name: 'net.ipv4.ip_local_port_range',
        get: () => `${this.portLow} ${this.portHigh}`,
        set: (value) => this.setPortRange(String(value)),
      },
      {
        name: 'net.ipv4.ip_local_reserved_ports',
        get: () => this.reservedText,
        set: (value) => this.setReservedPorts(String(value)),
      },
    ]
  }

  private setPortRange(text: string): void {
    const match = /^\s*(\d+)[\s-]+(\d+)\s*$/.exec(text)
    const low = Number(match?.[1])
    const high = Number(match?.[2])
    if (match === null || low < 1 || high > 65_535 || low > high) {
      throw new RangeError(
        `net.ipv4.ip_local_port_range takes two ports from 1 to 65535, the lower first ('32768 60999'), not '${text}'`,
      )
    }
    this.portLow = low
    this.portHigh = high
  }

  private setReservedPorts(text: string): void {
    const bits = new Uint8Array(8192)
    const parts = text.split(',').map((part) => part.trim())
    for (const part of parts) {
      if (part === '') continue
      const match = /^(\d+)(?:-(\d+))?$/.exec(part)
      const low = Number(match?.[1])
      const high = match?.[2] === undefined ? low : Number(match[2])
      if (match === null || low > high || high > 65_535) {
        throw new RangeError(
          `net.ipv4.ip_local_reserved_ports takes ports and ranges up to 65535 ('8080,9000-9010'), not '${part}'`,
        )
      }
      for (let port = low; port <= high; port++) bits[port >>> 3] = (bits[port >>> 3] as number) | (1 << (port & 7))
    }
    this.reservedText = parts.filter((part) => part !== '').join(',')
    this.reserved = this.reservedText === '' ? null : bits
  }
}

const shared = new WeakMap<Host, TransportSettings>()

/** The shared settings of a stack: made and registered with the host at the first call. */
export function transportSettings(host: Host): TransportSettings {
  const known = shared.get(host)
  if (known !== undefined) return known
  const settings = new TransportSettings()
  shared.set(host, settings)
  host.addSettings(settings.list())
  return settings
}

/** A `Setting` for an integer field of an object. Its `set` throws a RangeError for what is out of range. */
export function integerSetting<K extends string>(
  name: string,
  target: Record<K, number>,
  key: K,
  minimum: number,
  maximum: number,
): Setting {
  return {
    name,
    minimum,
    maximum,
    get: () => target[key],
    set: (value) => {
      const number = typeof value === 'number' ? value : Number.NaN
      if (!Number.isInteger(number) || number < minimum || number > maximum) {
        throw new RangeError(`${name} takes an integer from ${minimum} to ${maximum}, not ${JSON.stringify(value)}`)
      }
      target[key] = number
    },
  }
}
