import { fieldSetting, type Host, type Setting } from '@jackfield/interfaces'

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
      fieldSetting('net.core.rmem_default', 2304, 0x3fff_ffff, this, 'rmemDefault'),
      fieldSetting('net.core.rmem_max', 2304, 0x3fff_ffff, this, 'rmemMax'),
      fieldSetting('net.core.wmem_default', 4608, 0x3fff_ffff, this, 'wmemDefault'),
      fieldSetting('net.core.wmem_max', 4608, 0x3fff_ffff, this, 'wmemMax'),
      fieldSetting('net.ipv4.ip_unprivileged_port_start', 0, 65_535, this, 'unprivilegedPortStart'),
      fieldSetting('net.ipv4.ip_nonlocal_bind', 0, 1, this, 'nonlocalBind'),
      fieldSetting('net.ipv6.bindv6only', 0, 1, this, 'bindv6only'),
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
