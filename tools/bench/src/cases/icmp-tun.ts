import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Case, Figure } from '../figure.js'
import { allowedProcessors } from '../machine.js'
import { median, significant } from '../median.js'
import { makeVeth, onProcessor, TUN, VETH } from '../namespace.js'
import { Peer } from '../peer.js'

/** Round trips of one measurement. */
const FLOOD = 20_000
const SPACED = 400

/** Round trips with which a stack on one processor warms up: its code is compiled then. */
const WARM_UP = 60_000

interface Ping {
  /** Mean round trip, in microseconds. */
  readonly mean: number
  /** The middle one of all; 0 for a flood, which does not print them. */
  readonly middle: number
  /** Microseconds from one to the next: round trips and what ping itself does between. */
  readonly each: number
}

/** Runs ping(8); throws where an answer is missing. */
function ping(prefix: readonly string[], target: string, ...options: string[]): Ping {
  const [program = '', ...args] = [...prefix, 'ping', '-n', ...options, target]
  // To a file: who reads a pipe is woken for each dot that a flood prints, and takes its time from both ends.
  const file = join(tmpdir(), `ping-${process.pid}`)
  const output = openSync(file, 'w')
  const done = spawnSync(program, args, { stdio: ['ignore', output, 'inherit'] })
  closeSync(output)
  const said = readFileSync(file, 'latin1')
  rmSync(file)
  const counts = /(\d+) packets transmitted, (\d+) received.*time (\d+)ms/.exec(said)
  const trips = /= [\d.]+\/([\d.]+)\//.exec(said)
  if (done.error !== undefined || counts === null || trips === null) throw new Error(`ping failed: ${said.slice(-200)}`)
  const [, sent, received, time] = counts.map(Number) as [number, number, number, number]
  if (received !== sent) throw new Error(`of ${sent} pings ${received} were answered`)
  const all = [...said.matchAll(/time=([\d.]+) ms/g)].map((match) => Number(match[1]) * 1000)
  return {
    mean: Number(trips[1]) * 1000,
    middle: all.length === 0 ? 0 : median(all),
    each: (time * 1000) / sent,
  }
}

function stackPeer(prefix: readonly string[] = []): Promise<Peer> {
  return Peer.start({ role: 'stack', device: TUN.name, address: `${TUN.stack}/24`, host: `${TUN.kernel}/24` }, prefix)
}

const flood = (target: string, prefix: readonly string[] = [], count = FLOOD): Ping =>
  ping(prefix, target, '-f', '-c', String(count))

/** The medians of each figure of both, the stack's and the kernel's, measured in turn. The first round does not count. */
function beside(runs: number, measure: (target: string) => Ping): { own: Ping; kernel: Ping } {
  const own: Ping[] = []
  const kernel: Ping[] = []
  for (let round = 0; round <= runs; round++) {
    own.push(measure(TUN.stack))
    kernel.push(measure(VETH.far))
  }
  const middle = (pings: Ping[]): Ping => {
    const counted = pings.slice(1)
    return {
      mean: median(counted.map((each) => each.mean)),
      middle: median(counted.map((each) => each.middle)),
      each: median(counted.map((each) => each.each)),
    }
  }
  return { own: middle(own), kernel: middle(kernel) }
}

async function run(runs: number): Promise<{ figures: Figure[]; notes: string[] }> {
  makeVeth()
  const free = await stackPeer()
  const flooded = beside(runs, (target) => flood(target))
  await free.stop()

  const processor = allowedProcessors().at(-1) ?? 0
  const prefix = onProcessor(processor)
  const pinned = await stackPeer(prefix)
  const begun = ping(prefix, TUN.stack, '-i', '0.002', '-c', String(SPACED))
  flood(TUN.stack, prefix, WARM_UP)
  const spaced = beside(runs, (target) => ping(prefix, target, '-i', '0.002', '-c', String(SPACED)))
  await pinned.stop()

  const time = (name: string, own: number, kernel: number, most?: number): Figure => ({
    name,
    value: significant(own),
    unit: 'µs',
    peer: { name: 'kernel over veth', value: significant(kernel) },
    ratio: significant(own / kernel),
    ...(most === undefined ? {} : { aim: { text: `<= ${most} times`, met: own <= kernel * most } }),
  })
  return {
    figures: [
      time('ping -f, from one round trip to the next', flooded.own.each, flooded.kernel.each, 3),
      time('ping -f, mean round trip', flooded.own.mean, flooded.kernel.mean),
      time('ping -i 0.002, on one processor, mean round trip', spaced.own.mean, spaced.kernel.mean, 2),
      time('ping -i 0.002, on one processor, median round trip', spaced.own.middle, spaced.kernel.middle),
      time('the same, the first of a stack just started', begun.middle, spaced.kernel.middle),
    ],
    notes: [
      `ping -f -c ${FLOOD} with nothing pinned (ping prints whole microseconds); ping -i 0.002 -c ${SPACED} with ping and stack on processor ${processor} (taskset), after ${WARM_UP} round trips`,
      'the kernel answers from a namespace of its own at the other end of a veth pair; it does so within the call that sends, without waking anybody',
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
