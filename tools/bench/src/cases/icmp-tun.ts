import type { Case, Figure } from '../figure.js'
import { allowedProcessors } from '../machine.js'
import { alternate, median, significant } from '../median.js'
import { command, makeVeth, onProcessor, TUN, VETH } from '../namespace.js'
import { Peer } from '../peer.js'

/** Round trips of one measurement. */
const FLOOD = 10_000
const SPACED = 400

interface Ping {
  /** Mean round trip, in microseconds. */
  readonly trip: number
  /** Round trips for each second. */
  readonly rate: number
}

/** Runs ping(8); throws where an answer is missing. */
function ping(prefix: readonly string[], target: string, ...options: string[]): Ping {
  const [program = '', ...args] = [...prefix, 'ping', '-n', '-q', ...options, target]
  const said = command(program, ...args)
  const counts = /(\d+) packets transmitted, (\d+) received.*time (\d+)ms/.exec(said)
  const trips = /= [\d.]+\/([\d.]+)\//.exec(said)
  if (counts === null || trips === null) throw new Error(`ping says something else than expected: ${said}`)
  const [, sent, received, time] = counts.map(Number) as [number, number, number, number]
  if (received !== sent) throw new Error(`of ${sent} pings ${received} were answered`)
  return { trip: Number(trips[1]) * 1000, rate: (received * 1000) / Math.max(1, time) }
}

function stackPeer(prefix: readonly string[] = []): Promise<Peer> {
  return Peer.start({ role: 'stack', device: TUN.name, address: `${TUN.stack}/24`, host: `${TUN.kernel}/24` }, prefix)
}

const flood = (target: string, prefix: readonly string[] = []): Ping => ping(prefix, target, '-f', '-c', String(FLOOD))

async function run(runs: number): Promise<{ figures: Figure[]; notes: string[] }> {
  makeVeth()
  const free = await stackPeer()
  const rates: [number[], number[]] = [[], []]
  const keep = (index: 0 | 1, { trip, rate }: Ping): number => {
    rates[index].push(rate)
    return trip
  }
  const [trip = 0, kernelTrip = 0] = await alternate(runs, [
    () => keep(0, flood(TUN.stack)),
    () => keep(1, flood(VETH.far)),
  ])
  await free.stop()
  // The warm-up is the first of each.
  const [rate, kernelRate] = rates.map((each) => median(each.slice(1))) as [number, number]

  const processor = allowedProcessors().at(-1) ?? 0
  const prefix = onProcessor(processor)
  const pinned = await stackPeer(prefix)
  // Otherwise the first thousands of pings measure code that is not compiled yet.
  flood(TUN.stack, prefix)
  const spaced = (target: string) => (): number => ping(prefix, target, '-i', '0.002', '-c', String(SPACED)).trip
  const [spacedTrip = 0, kernelSpacedTrip = 0] = await alternate(runs, [spaced(TUN.stack), spaced(VETH.far)])
  await pinned.stop()

  const time = (name: string, own: number, kernel: number, most: number): Figure => ({
    name,
    value: significant(own),
    unit: 'µs',
    peer: { name: 'kernel over veth', value: significant(kernel) },
    ratio: significant(own / kernel),
    aim: { text: `<= ${most} times`, met: own <= kernel * most },
  })
  return {
    figures: [
      time('ping -f, mean round trip', trip, kernelTrip, 3),
      {
        name: 'ping -f, round trips',
        value: significant(rate),
        unit: 'per s',
        peer: { name: 'kernel over veth', value: significant(kernelRate) },
        ratio: significant(rate / kernelRate),
      },
      time('ping -i 0.002, on one processor, mean round trip', spacedTrip, kernelSpacedTrip, 2),
    ],
    notes: [
      `ping -f -c ${FLOOD} with nothing pinned; ping -i 0.002 -c ${SPACED} with ping and stack on processor ${processor} (taskset)`,
      'the kernel answers from a namespace of its own at the other end of a veth pair',
    ],
  }
}

export const icmpTun: Case = {
  name: 'icmp-tun',
  title: 'pings answered over a TUN device, beside the kernel over veth',
  oneProcessor: false,
  namespace: true,
  run,
}
