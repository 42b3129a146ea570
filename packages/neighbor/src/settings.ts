import { fieldSetting, type Setting } from '@jackfield/interfaces'

/** What a neighbour cache goes by. Fields have Linux's names and defaults (`net.ipv4.neigh.default.*`). */
export interface NeighborSettings {
  /** Questions to the group or the broadcast address before giving up. */
  mcast_solicit: number
  /** Questions to the known link address before giving up on it. */
  ucast_solicit: number
  /** Questions to the group after those to the known link address. */
  mcast_resolicit: number
  /** Milliseconds between questions about one neighbour. */
  retrans_time_ms: number
  /** Milliseconds for which an answer is believed; the real time is 0.5 to 1.5 times it, drawn every 5 minutes. */
  base_reachable_time_ms: number
  /** Seconds to wait for upper layers to confirm a stale neighbour before asking. */
  delay_first_probe_time: number
  /** Seconds after which a stale entry may be collected. */
  gc_stale_time: number
  /** Seconds between collections. */
  gc_interval: number
  /** Entries below which nothing is collected; also the most that strangers may cause. */
  gc_thresh1: number
  /** Entries above which a collection comes at once, when the last is 5 seconds past. */
  gc_thresh2: number
  /** Most entries, those entered by people not counted. */
  gc_thresh3: number
  /** Most packets that wait for one neighbour. */
  unres_qlen: number
  /** Most bytes (`truesize`) that wait for one neighbour. */
  unres_qlen_bytes: number
  /** Hundredths of a second during which a fresh link address is not replaced by another's claim. */
  locktime: number
}

const DEFAULTS: Readonly<NeighborSettings> = {
  mcast_solicit: 3,
  ucast_solicit: 3,
  mcast_resolicit: 0,
  retrans_time_ms: 1000,
  base_reachable_time_ms: 30_000,
  delay_first_probe_time: 5,
  gc_stale_time: 60,
  gc_interval: 30,
  gc_thresh1: 128,
  gc_thresh2: 512,
  gc_thresh3: 1024,
  unres_qlen: 101,
  unres_qlen_bytes: 212_992,
  locktime: 100,
}

type Name = keyof NeighborSettings

const MOST = 0x7fffffff
/** The longest time that a router may tell (RFC 4861 4.2), about 50 days. */
const MOST_TIME = 0xffff_ffff

/** Smallest and largest value of each setting. */
const BOUNDS: Readonly<Record<Name, readonly [minimum: number, maximum: number]>> = {
  mcast_solicit: [1, 1000],
  ucast_solicit: [0, 1000],
  mcast_resolicit: [0, 1000],
  retrans_time_ms: [10, MOST_TIME],
  base_reachable_time_ms: [10, MOST_TIME],
  delay_first_probe_time: [0, 86_400],
  gc_stale_time: [0, MOST],
  gc_interval: [1, 86_400],
  gc_thresh1: [0, 1 << 20],
  gc_thresh2: [0, 1 << 20],
  gc_thresh3: [1, 1 << 20],
  unres_qlen: [1, 100_000],
  unres_qlen_bytes: [0, MOST],
  locktime: [0, MOST],
}

const NAMES = Object.keys(DEFAULTS) as readonly Name[]

/**
 * Linux's defaults with the given changes.
 * @throws RangeError for a value that is no integer of the setting's range; TypeError for an unknown name
 */
export function createNeighborSettings(changes: Partial<NeighborSettings> = {}): NeighborSettings {
  const settings: NeighborSettings = { ...DEFAULTS }
  for (const name of Object.keys(changes)) {
    if (!isName(name)) throw new TypeError(`${name} is no neighbour setting: there are ${NAMES.join(', ')}`)
    const value = changes[name]
    if (value !== undefined) settings[name] = checked(name, value)
  }
  return settings
}

/** The sysctls for `settings`, their names behind `prefix` (`net.ipv4.neigh.default`). They hold from the next use on. */
export function neighborSysctls(settings: NeighborSettings, prefix: string): Setting[] {
  return NAMES.map((name) => fieldSetting(`${prefix}.${name}`, ...BOUNDS[name], settings, name))
}

function isName(name: string): name is Name {
  return Object.hasOwn(DEFAULTS, name)
}

function checked(name: Name, value: number): number {
  const [minimum, maximum] = BOUNDS[name]
  if (!Number.isInteger(value) || value < minimum || value > maximum) {
    throw new RangeError(`${name} is an integer from ${minimum} to ${maximum}, not ${value}`)
  }
  return value
}
