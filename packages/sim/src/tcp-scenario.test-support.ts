import { createSeededRandom, type RandomSource } from '@jackfield/clock'
import type { SimCableOptions } from './index.js'

/** How an end ends: it says that it has sent all; it leaves once the other has said so; it leaves with its last byte. */
type Ending = 'shutdown' | 'last' | 'leave'

/** What one end does. */
export interface EndPlan {
  readonly bytes: number
  readonly chunk: number
  /** Most microseconds between two things that it does. */
  readonly pause: number
  readonly edge: boolean
  readonly peek: boolean
  readonly ending: Ending
  readonly sendBuffer: number
  readonly receiveBuffer: number
  readonly congestion: string
  readonly noDelay: boolean
  /** It holds small segments back while it writes: by `TCP_CORK`, or by `MSG_MORE`. */
  readonly cork: boolean
  readonly more: boolean
  /** It sets `TCP_QUICKACK` now one way, now the other. */
  readonly quickAck: boolean
  readonly keepAlive: boolean
  /** `TCP_MAXSEG`, 0 for none. */
  readonly maxSegment: number
}

/** Settings by sysctl name. */
export type Sysctls = Readonly<Record<string, number | string>>

/** Whose sequence numbers pass 2^32, or the sign of 32 bits, soon after they begin. */
export interface Wrap {
  readonly end: 'a' | 'b'
  readonly at: number
  /** Bytes before it. */
  readonly before: number
}

/** What a connection goes by: `mapped` is IPv4 between sockets of `AF_INET6`. */
export type Way = 'ipv4' | 'ipv6' | 'mapped'

/** A connection and the way between its ends. */
export interface Scenario {
  readonly way: Way
  readonly cable: SimCableOptions
  readonly ends: readonly [EndPlan, EndPlan]
  readonly settings: readonly [Sysctls, Sysctls]
  readonly fastOpen: boolean
  readonly wrap: Wrap | null
}

const CONTROLS = ['cubic', 'reno', 'bbr']

function pick<T>(random: RandomSource, values: readonly T[]): T {
  return values[random.below(values.length)] as T
}

function chance(random: RandomSource, probability: number): boolean {
  return random.fraction() < probability
}

/** A way that may do everything wrong that ways do. */
function drawCable(random: RandomSource): SimCableOptions {
  const delay = pick(random, [0, 100, 1000, 10_000, 50_000, 200_000])
  return {
    delay,
    offload: chance(random, 0.5),
    mtu: pick(random, [1500, 1500, 1500, 576, 9000]),
    queue: pick(random, [1000, 1000, 20]),
    ...(chance(random, 0.5) ? { loss: random.fraction() * 0.08 } : {}),
    ...(chance(random, 0.2) ? { burstLoss: { enter: 0.01, leave: 0.6 } } : {}),
    ...(chance(random, 0.3) ? { duplicate: random.fraction() * 0.1 } : {}),
    ...(chance(random, 0.3) ? { corrupt: random.fraction() * 0.01 } : {}),
    ...(chance(random, 0.4) ? { reorder: { probability: random.fraction() * 0.2, delay: 1 + delay } } : {}),
    ...(chance(random, 0.3) ? { jitter: delay >>> 1, jitterReorders: chance(random, 0.5) } : {}),
    ...(chance(random, 0.3) ? { rate: pick(random, [1_000_000, 10_000_000, 100_000_000]) } : {}),
  }
}

/** Whether what one end sends arrives, and in order. */
function isSound(cable: SimCableOptions): boolean {
  return (
    cable.loss === undefined &&
    cable.burstLoss === undefined &&
    cable.corrupt === undefined &&
    cable.reorder === undefined &&
    cable.jitter === undefined &&
    cable.queue === 1000
  )
}

function drawEnd(random: RandomSource, ending: Ending, bytes: number): EndPlan {
  const small = chance(random, 0.3)
  return {
    bytes,
    chunk: pick(random, [100, 1460, 10_000, 65_536]),
    pause: pick(random, [10, 1000, 5000, 40_000]),
    edge: chance(random, 0.5),
    peek: chance(random, 0.2),
    ending,
    sendBuffer: small ? pick(random, [1, 4096, 10_000]) : 0,
    receiveBuffer: chance(random, 0.3) ? pick(random, [1, 2048, 10_000]) : 0,
    congestion: pick(random, CONTROLS),
    noDelay: chance(random, 0.3),
    cork: chance(random, 0.15),
    more: chance(random, 0.15),
    quickAck: chance(random, 0.2),
    keepAlive: chance(random, 0.2),
    maxSegment: chance(random, 0.1) ? pick(random, [88, 536, 1200]) : 0,
  }
}

/** What each setting may be, besides its default. */
const CHOICES: Readonly<Record<string, readonly (number | string)[]>> = {
  sack: [0],
  dsack: [0],
  timestamps: [0, 2],
  window_scaling: [0],
  ecn: [0, 1],
  mtu_probing: [1, 2],
  hystart: [0, 2],
  frto: [0, 1],
  recovery: [0, 3, 7],
  early_retrans: [0],
  reordering: [1, 10],
  autocorking: [0],
  slow_start_after_idle: [0],
  shrink_window: [1],
  comp_sack_nr: [0, 2],
  thin_linear_timeouts: [1],
  retrans_collapse: [0],
  moderate_rcvbuf: [0],
  adv_win_scale: [-2, 0, 2],
  workaround_signed_windows: [1],
  min_tso_segs: [1, 10],
  limit_output_bytes: [3000],
  notsent_lowat: [1000, 5000],
  invalid_ratelimit: [0],
  pingpong_thresh: [3],
}

/** Every other host has each setting now and then as it is not by default. */
function drawSettings(random: RandomSource): Sysctls {
  const drawn: Record<string, number | string> = {}
  const often = pick(random, [0, 0.1, 0.4])
  for (const [name, values] of Object.entries(CHOICES)) {
    if (chance(random, often)) drawn[`net.ipv4.tcp_${name}`] = pick(random, values)
  }
  return drawn
}

function drawWrap(random: RandomSource): Wrap {
  const end = pick(random, ['a', 'b'] as const)
  return {
    end,
    at: pick(random, [2 ** 32, 2 ** 31]),
    before: random.below(pick(random, end === 'a' ? [3, 3000, 60_000] : [20_000, 60_000])),
  }
}

/** The ends: both say that they have sent all, or one waits for the other, or one leaves with its last byte. */
function drawEnds(random: RandomSource): [EndPlan, EndPlan] {
  const size = (): number => random.below(pick(random, [2, 2000, 30_000, 120_000]))
  const form = random.below(4)
  const ends: [EndPlan, EndPlan] =
    form <= 1
      ? [drawEnd(random, 'leave', 1 + size()), drawEnd(random, 'last', 0)]
      : [drawEnd(random, 'shutdown', size()), drawEnd(random, form === 2 ? 'shutdown' : 'last', size())]
  return chance(random, 0.5) ? ends : [ends[1], ends[0]]
}

/** The scenario of a seed. */
export function drawScenario(seed: number): Scenario {
  const random = createSeededRandom(`scenario/${seed}`)
  const cable = drawCable(random)
  const ends = drawEnds(random)
  const [ofA, ofB] = [drawSettings(random), drawSettings(random)]
  const fastOpen = ends[0].bytes > 0 && chance(random, 0.15)
  const wrap = chance(random, 0.3) ? drawWrap(random) : null
  // A cookie whose acknowledgement is lost or overtaken is a reset (RFC 4987 3.6): such ways do not have them.
  const cookies = !fastOpen && isSound(cable) && ends[0].bytes > 0 && chance(random, 0.3)
  const openly = { 'net.ipv4.tcp_fastopen': 0x603 }
  // Drawn last: what a seed makes of the rest is the same by each.
  const way = pick(random, ['ipv4', 'ipv6', 'ipv6', 'mapped'] as const)
  return {
    way,
    cable: way === 'ipv6' && cable.mtu === 576 ? { ...cable, mtu: 1280 } : cable,
    ends,
    settings: [
      { ...ofA, ...(fastOpen ? openly : {}) },
      { ...ofB, ...(fastOpen ? openly : {}), ...(cookies ? { 'net.ipv4.tcp_syncookies': 2 } : {}) },
    ],
    fastOpen,
    wrap,
  }
}
