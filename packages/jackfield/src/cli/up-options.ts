import { IpAddress, Prefix } from '@jackfield/addr'
import { InvalidArgumentError } from 'commander'
import { SERVICE_NAMES, type ServiceName } from '../services/services.js'

/** What `jackfield up` was told. */
export interface UpOptions {
  tun?: string
  tap?: string
  address: Prefix[]
  gateway?: IpAddress[]
  hostAddress?: Prefix[]
  mtu?: number
  services?: ServiceName[]
  sysctl?: [name: string, value: string][]
  offload: boolean
  pcap?: string
  name: string
  rootless?: boolean
}

/** `A/LEN`, once more each time the option is given. */
export function parsePrefix(text: string, former: Prefix[] = []): Prefix[] {
  if (!text.includes('/')) {
    throw new InvalidArgumentError('an address is given with its prefix length, as 10.9.0.2/24')
  }
  return [...former, orInvalid(() => Prefix.parse(text))]
}

/** An address, once more each time the option is given. */
export function parseAddress(text: string, former: IpAddress[] = []): IpAddress[] {
  return [...former, orInvalid(() => IpAddress.parse(text))]
}

export function parseMtu(text: string): number {
  const mtu = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!(mtu >= 68 && mtu <= 65_535)) throw new InvalidArgumentError('the MTU is an integer from 68 to 65535')
  return mtu
}

/** `echo,discard`; names of services. */
export function parseServices(text: string): ServiceName[] {
  return text
    .split(',')
    .filter((name) => name !== '')
    .map((name) => {
      const known = SERVICE_NAMES.find((service) => service === name)
      if (known === undefined) {
        throw new InvalidArgumentError(`there is no service '${name}'; there are ${SERVICE_NAMES.join(', ')}`)
      }
      return known
    })
}

/** `NAME=VALUE`, once more each time the option is given. */
export function parseSysctl(text: string, former: [string, string][] = []): [string, string][] {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('a setting is given as NAME=VALUE, as net.ipv4.ip_forward=1')
  return [...former, [text.slice(0, at).trim(), text.slice(at + 1).trim()]]
}

function orInvalid<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
  }
}
