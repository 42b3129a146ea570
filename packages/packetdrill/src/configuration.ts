import { IpAddress, maskWord } from '@jackfield/addr'
import type { ScriptOption } from './script.js'
import { ScriptError } from './script-error.js'

/** Which sockets a script opens, and which packets it sees. */
export type IpVersion = 'ipv4' | 'ipv6' | 'ipv4-mapped-ipv6'

/** How a script runs: what `--name=value` lines at its top, and the caller's options, may set. */
export interface Configuration {
  readonly ipVersion: IpVersion
  /** How far from its time an event may be, in microseconds. */
  readonly toleranceUsecs: number
  /** How far it may be in percent of the time since the event before it, where that is more. */
  readonly tolerancePercent: number
  readonly mtu: number
  /** The stack's address, with its prefix length. */
  readonly localAddress: IpAddress
  readonly prefixLength: number
  /** The peer's address. */
  readonly remoteAddress: IpAddress
  readonly gatewayAddress: IpAddress
  /** The port that `bind` takes where the script leaves the address out. */
  readonly bindPort: number
  /** The port that `connect` goes to. */
  readonly connectPort: number
  /** Microseconds that one tick of the stack's TCP timestamps takes; 0: their values are not checked. */
  readonly tcpTsTickUsecs: number
  /** Whether a segment of the script must be one segment of the stack; else several may make it up. */
  readonly strictSegments: boolean
  /** What only warns: faults of timing. */
  readonly nonFatal: ReadonlySet<'packet' | 'syscall'>
  /** Commands to run before those of the script. */
  readonly initScripts: readonly string[]
}

type Draft = { -readonly [K in keyof Configuration]: Configuration[K] } & {
  given: Set<'local' | 'remote' | 'gateway' | 'prefix' | 'version'>
}

/** Options of the tool that have no meaning for a stack in memory: what they would set up does not exist here. */
const WITHOUT_MEANING: readonly string[] = [
  'code',
  'code_command',
  'code_format',
  'code_sockopt',
  'debug',
  'define',
  'dry_run',
  'is_anyip',
  'max_restarts',
  'no_cleanup',
  'persistent_tun_dev',
  'send_omit_free',
  'so_filename',
  'so_flags',
  'speed',
  'tun_name',
  'udp_send_omit_free',
  'verbose',
  'wire_client_dev',
  'wire_server_dev',
  'wire_server_port',
]

const NAMES = [
  'bind_port, connect_port, define, gateway_ip, init_scripts, ip_version, local_ip, mtu, netmask_ip, non_fatal,',
  'remote_ip, strict_segments, tcp_ts_tick_usecs, tolerance_percent, tolerance_usecs',
].join(' ')

/**
 * The configuration that options give, later ones over earlier ones.
 * @throws ScriptError for an option that is unknown, or whose value is not right
 */
export function configure(options: readonly ScriptOption[]): Configuration {
  const draft: Draft = {
    ipVersion: 'ipv4',
    toleranceUsecs: 4000,
    tolerancePercent: 0,
    mtu: 1500,
    localAddress: IpAddress.parse('192.168.0.1'),
    prefixLength: 16,
    remoteAddress: IpAddress.parse('192.0.2.1'),
    gatewayAddress: IpAddress.parse('192.168.0.2'),
    bindPort: 8080,
    connectPort: 8080,
    tcpTsTickUsecs: 0,
    strictSegments: false,
    nonFatal: new Set(),
    initScripts: [],
    given: new Set(),
  }
  for (const option of options) apply(draft, option)
  if (draft.ipVersion === 'ipv6') useIpv6(draft)
  const { given: _, ...configuration } = draft
  const wanted = draft.ipVersion === 'ipv6' ? 6 : 4
  for (const address of [draft.localAddress, draft.remoteAddress, draft.gatewayAddress]) {
    if (address.version !== wanted) throw new ScriptError('setup', 1, `${address} is no address of ${draft.ipVersion}`)
  }
  return configuration
}

/** The addresses for IPv6, where the options gave none. */
function useIpv6(draft: Draft): void {
  if (!draft.given.has('local')) draft.localAddress = IpAddress.parse('fd3d:0a0b:17d6::1')
  if (!draft.given.has('remote')) draft.remoteAddress = IpAddress.parse('2001:db8::1')
  if (!draft.given.has('gateway')) draft.gatewayAddress = IpAddress.parse('fd3d:0a0b:17d6:8888::1')
  if (!draft.given.has('prefix')) draft.prefixLength = 48
}

function apply(draft: Draft, option: ScriptOption): void {
  const { name, value, line } = option
  switch (name) {
    case 'ip_version':
      if (value !== 'ipv4' && value !== 'ipv6' && value !== 'ipv4-mapped-ipv6') {
        throw new ScriptError('setup', line, `--ip_version is ipv4, ipv6 or ipv4-mapped-ipv6, not '${value}'`)
      }
      draft.ipVersion = value
      return
    case 'tolerance_usecs':
      draft.toleranceUsecs = number(option, 0, 1e12)
      return
    case 'tolerance_percent':
      draft.tolerancePercent = number(option, 0, 100)
      return
    case 'mtu':
      draft.mtu = number(option, 68, 65_535)
      return
    case 'local_ip':
    case 'wire_server_ip':
      draft.localAddress = address(option, draft)
      draft.given.add('local')
      return
    case 'remote_ip':
      draft.remoteAddress = address(option, draft)
      draft.given.add('remote')
      return
    case 'gateway_ip':
      draft.gatewayAddress = address(option, draft)
      draft.given.add('gateway')
      return
    case 'netmask_ip':
      draft.prefixLength = prefixLength(option)
      draft.given.add('prefix')
      return
    case 'bind_port':
      draft.bindPort = number(option, 1, 0xffff)
      return
    case 'connect_port':
      draft.connectPort = number(option, 1, 0xffff)
      return
    case 'tcp_ts_tick_usecs':
      draft.tcpTsTickUsecs = number(option, 0, 1e6)
      return
    case 'strict_segments':
      draft.strictSegments = value !== '0' && value !== 'false'
      return
    case 'non_fatal':
      draft.nonFatal = new Set(value.split(',').map((each) => nonFatal(option, each)))
      return
    case 'init_scripts':
      draft.initScripts = [...draft.initScripts, ...value.split(',').filter((each) => each !== '')]
      return
    default:
      if (!WITHOUT_MEANING.includes(name)) {
        throw new ScriptError('setup', line, `--${name} is no option: they are ${NAMES}`)
      }
  }
}

function number({ name, value, line }: ScriptOption, minimum: number, maximum: number): number {
  const result = value === '' ? Number.NaN : Number(value)
  if (!(result >= minimum && result <= maximum)) {
    throw new ScriptError('setup', line, `--${name} takes a number from ${minimum} to ${maximum}, not '${value}'`)
  }
  return result
}

/** An address, to which a prefix length may be added (`192.0.2.1/24`). */
function address({ name, value, line }: ScriptOption, draft: Draft): IpAddress {
  const [text = '', length] = value.split('/')
  try {
    const result = IpAddress.parse(text)
    if (length !== undefined && name === 'local_ip') {
      draft.prefixLength = Number(length)
      draft.given.add('prefix')
    }
    return result
  } catch {
    throw new ScriptError('setup', line, `--${name} takes an IP address, not '${value}'`)
  }
}

function prefixLength(option: ScriptOption): number {
  const { value, line } = option
  if (/^\/?\d{1,3}$/.test(value)) return number({ ...option, value: value.replace('/', '') }, 0, 128)
  const mask = /^\d+(\.\d+){3}$/.test(value) ? IpAddress.parse(value).w3 : 1
  for (let length = 0; length <= 32; length++) if (maskWord(length) === mask) return length
  throw new ScriptError('setup', line, `--netmask_ip takes a mask as 255.255.0.0, not '${value}'`)
}

function nonFatal({ line }: ScriptOption, what: string): 'packet' | 'syscall' {
  if (what === 'packet' || what === 'syscall') return what
  throw new ScriptError('setup', line, `--non_fatal takes packet, syscall or both with a comma, not '${what}'`)
}
