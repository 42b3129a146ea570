import { statSync } from 'node:fs'
import { IpAddress, Prefix } from '@jackfield/addr'
import { InvalidArgumentError } from 'commander'
import { SERVICE_NAMES } from '../services/services.js'
import type { ServiceRequest } from './serve-request.js'

/** What `jackfield up` was told. */
export interface UpOptions {
  tun?: string
  tap?: string
  address: Prefix[]
  gateway?: IpAddress[]
  hostAddress?: Prefix[]
  mtu?: number
  services?: ServiceRequest[]
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

/** `echo,discard`: names of services; `http=DIR` with the directory that it serves. */
export function parseServices(text: string): ServiceRequest[] {
  return text
    .split(',')
    .filter((word) => word !== '')
    .map((word) => {
      const at = word.indexOf('=')
      const name = at < 0 ? word : word.slice(0, at)
      if (name === 'http') return { name, directory: parseDirectory(word.slice(name.length + 1)) }
      const known = [...SERVICE_NAMES, 'iperf3' as const].find((service) => service === name)
      if (known === undefined || at >= 0) {
        const names = [...SERVICE_NAMES, 'http=DIR', 'iperf3'].join(', ')
        throw new InvalidArgumentError(`there is no service '${word}'; there are ${names}`)
      }
      return { name: known }
    })
}

function parseDirectory(path: string): string {
  if (path !== '' && statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path
  const given = path === '' ? 'none was given' : `'${path}' is none`
  throw new InvalidArgumentError(`http is given with the directory that it serves, as http=/srv/files: ${given}`)
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
