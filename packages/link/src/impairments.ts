import type { RandomSource } from '@jackfield/clock'
import type { LinkMedium } from '@jackfield/interfaces'

/** Loss in bursts (Gilbert and Elliott): a link that is good or bad, with its own loss in each state. */
export interface BurstLoss {
  /** Probability, at each packet, that a good link turns bad. */
  readonly enter: number
  /** Probability, at each packet, that a bad link turns good; its inverse is the mean length of a burst in packets. */
  readonly leave: number
  /** Probability of loss while bad. Default 1. */
  readonly lossBad?: number
  /** Probability of loss while good. Default 0. */
  readonly lossGood?: number
}

/** Packets held back, so that later ones overtake them. */
export interface Reorder {
  readonly probability: number
  /** How much longer than others such a packet takes, in microseconds. */
  readonly delay: number
}

/**
 * What happens to packets on their way, in this order: loss, corruption, duplication, the queue before the bottleneck,
 * its rate, delay. Times in microseconds, probabilities from 0 to 1.
 */
export interface Impairments {
  /** Probability that a packet is lost, each by itself. */
  readonly loss?: number
  readonly burstLoss?: BurstLoss
  /** Probability that one bit of a packet is flipped. */
  readonly corrupt?: number
  /** Probability that a packet arrives twice. */
  readonly duplicate?: number
  /** Bits per second that get through. */
  readonly rate?: number
  /**
   * Bytes added to each packet for `rate`: a number, or `'ethernet'` for preamble, gap, check sequence and padding (and the
   * header, on a medium without). Default 0.
   */
  readonly overhead?: number | 'ethernet'
  /** Packets that may wait for `rate`, the one being sent included. Default 1000. More are dropped silently. */
  readonly queuePackets?: number
  /** Bytes that may wait for `rate`. Default no limit but that of packets. */
  readonly queueBytes?: number
  /** How long each packet takes. */
  readonly delay?: number
  /** How much that varies: at most by this much either way if uniform, the standard deviation if normal. Never below 0. */
  readonly jitter?: number
  /** Default `'uniform'`. */
  readonly distribution?: 'uniform' | 'normal'
  /** Whether a packet with less jitter overtakes one with more. Default false: it waits for it. */
  readonly jitterReorders?: boolean
  readonly reorder?: Reorder
  /** Packets that may be under way. Default 65,536. With more, the device's queue is full. */
  readonly inFlightPackets?: number
}

/** What happened to packets. */
export interface ImpairmentStatistics {
  lost: number
  corrupted: number
  /** Copies made. */
  duplicated: number
  /** Packets held back by `reorder`. */
  reordered: number
  /** Packets dropped before the bottleneck. */
  queueDropped: number
}

/** Impairments with every default filled in; 0 is "does not happen". */
export interface ImpairmentPlan {
  readonly loss: number
  readonly burstLoss: Required<BurstLoss> | null
  readonly corrupt: number
  readonly duplicate: number
  /** Microseconds for one byte. */
  readonly byteTime: number
  readonly overhead: number
  /** Bytes that a packet takes at least, overhead not counted. */
  readonly minimumLength: number
  readonly queuePackets: number
  readonly queueBytes: number
  readonly delay: number
  readonly jitter: number
  readonly normal: boolean
  readonly jitterReorders: boolean
  readonly reorder: number
  readonly reorderDelay: number
  readonly inFlightPackets: number
}

const KNOWN: Readonly<Record<keyof Impairments, true>> = {
  loss: true,
  burstLoss: true,
  corrupt: true,
  duplicate: true,
  rate: true,
  overhead: true,
  queuePackets: true,
  queueBytes: true,
  delay: true,
  jitter: true,
  distribution: true,
  jitterReorders: true,
  reorder: true,
  inFlightPackets: true,
}

/** Which options say nothing without another. */
const COMPANIONS: readonly (readonly [keyof Impairments, keyof Impairments])[] = [
  ['overhead', 'rate'],
  ['queuePackets', 'rate'],
  ['queueBytes', 'rate'],
  ['distribution', 'jitter'],
  ['jitterReorders', 'jitter'],
]

/** Preamble and start of frame 8, check sequence 4, gap between packets 12 (IEEE 802.3), in bytes. */
const ETHERNET_EXTRA = 24
const ETHERNET_HEADER = 14
/** The shortest frame without its check sequence. */
const ETHERNET_MINIMUM = 60

function probability(what: string, value: number | undefined, standard = 0): number {
  const given = value ?? standard
  if (!(given >= 0 && given <= 1)) throw new RangeError(`${what} must be a probability from 0 to 1, not ${given}`)
  return given
}

function duration(what: string, value: number | undefined): number {
  const given = value ?? 0
  if (!(given >= 0 && given <= 1e12)) {
    throw new RangeError(`${what} must be a time from 0 to 10^12 microseconds, not ${given}`)
  }
  return given
}

function count(what: string, value: number | undefined, standard: number): number {
  const given = value ?? standard
  if (!(Number.isInteger(given) && given >= 1 && given <= 1_000_000)) {
    throw new RangeError(`${what} must be an integer from 1 to 1000000, not ${given}`)
  }
  return given
}

function planOverhead(overhead: Impairments['overhead'], medium: LinkMedium): { extra: number; minimum: number } {
  if (overhead === 'ethernet') {
    const header = medium === 'ethernet' ? 0 : ETHERNET_HEADER
    return { extra: ETHERNET_EXTRA + header, minimum: ETHERNET_MINIMUM - header }
  }
  const extra = overhead ?? 0
  if (!(extra >= 0 && extra <= 10_000)) {
    throw new RangeError(`overhead must be 0 to 10000 bytes or 'ethernet', not ${extra}`)
  }
  return { extra, minimum: 0 }
}

/**
 * Checks impairments and fills in the defaults.
 * @throws RangeError for a value out of its range; TypeError for an unknown name, for an option that says nothing
 * without another that is missing, and where chance is wanted and no random source was given
 */
export function planImpairments(
  impairments: Impairments,
  medium: LinkMedium,
  random: RandomSource | undefined,
): ImpairmentPlan {
  for (const name of Object.keys(impairments)) {
    if (!Object.hasOwn(KNOWN, name)) {
      throw new TypeError(
        `there is no impairment ${JSON.stringify(name)}: the known are ${Object.keys(KNOWN).join(', ')}`,
      )
    }
  }
  for (const [name, companion] of COMPANIONS) {
    if (impairments[name] !== undefined && impairments[companion] === undefined) {
      throw new TypeError(`${name} says nothing without ${companion}`)
    }
  }
  const { rate, burstLoss, reorder, distribution, queueBytes } = impairments
  if (rate !== undefined && !(rate > 0 && rate < Infinity)) {
    throw new RangeError(`rate must be a number of bits per second above 0, not ${rate}`)
  }
  if (queueBytes !== undefined && !(queueBytes >= 1)) {
    throw new RangeError(`queueBytes must be 1 or more, not ${queueBytes}`)
  }
  if (distribution !== undefined && distribution !== 'uniform' && distribution !== 'normal') {
    throw new RangeError(`distribution must be 'uniform' or 'normal', not ${JSON.stringify(distribution)}`)
  }
  const { extra, minimum } = planOverhead(impairments.overhead, medium)
  const plan: ImpairmentPlan = {
    loss: probability('loss', impairments.loss),
    burstLoss:
      burstLoss === undefined
        ? null
        : {
            enter: probability('burstLoss.enter', burstLoss.enter),
            leave: probability('burstLoss.leave', burstLoss.leave),
            lossBad: probability('burstLoss.lossBad', burstLoss.lossBad, 1),
            lossGood: probability('burstLoss.lossGood', burstLoss.lossGood),
          },
    corrupt: probability('corrupt', impairments.corrupt),
    duplicate: probability('duplicate', impairments.duplicate),
    byteTime: rate === undefined ? 0 : 8e6 / rate,
    overhead: extra,
    minimumLength: minimum,
    queuePackets: count('queuePackets', impairments.queuePackets, 1000),
    queueBytes: queueBytes ?? Infinity,
    delay: duration('delay', impairments.delay),
    jitter: duration('jitter', impairments.jitter),
    normal: distribution === 'normal',
    jitterReorders: impairments.jitterReorders === true,
    reorder: probability('reorder.probability', reorder?.probability),
    reorderDelay: duration('reorder.delay', reorder?.delay),
    inFlightPackets: count('inFlightPackets', impairments.inFlightPackets, 65_536),
  }
  const chance =
    plan.loss > 0 ||
    plan.burstLoss !== null ||
    plan.corrupt > 0 ||
    plan.duplicate > 0 ||
    plan.jitter > 0 ||
    plan.reorder > 0
  if (chance && random === undefined) {
    throw new TypeError('loss, corruption, duplication, jitter and reordering need a random source: pass `random`')
  }
  return plan
}
