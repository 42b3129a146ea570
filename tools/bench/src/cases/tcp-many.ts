import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Case, Figure } from '../figure.js'
import { median, significant } from '../median.js'
import { createTcpPair, listen, open, type TcpPair } from '../tcp-pair.js'

const PORT = 10_000
const MANY = 100_000
const FEW = 100
/** Connections on one port of the server, below the number of ephemeral ports. */
const ON_A_PORT = 20_000
/** Round trips in one measurement. */
const TRIPS = 200_000

/** Connections, by their descriptors. */
class Crowd {
  readonly near = new Int32Array(MANY)
  readonly far = new Int32Array(MANY)
  private readonly pair: TcpPair
  private readonly listeners: number[] = []
  private readonly bytes = new Uint8Array(64)
  private count = 0
  private place = 0

  constructor(pair: TcpPair) {
    this.pair = pair
    for (let i = 0; i < MANY / ON_A_PORT; i++) this.listeners.push(listen(pair, PORT + i))
  }

  async growTo(count: number): Promise<void> {
    for (; this.count < count; this.count++) {
      const which = Math.floor(this.count / ON_A_PORT)
      const [near, far] = open(this.pair, this.listeners[which] as number, PORT + which)
      this.near[this.count] = near
      this.far[this.count] = far
      if (this.count % 500 === 0) await nextTurn()
    }
  }

  /** Nanoseconds for a packet: round trips over all connections, in an order without a pattern. */
  async cost(count: number): Promise<number> {
    const { left, right } = this.pair
    const { bytes, near, far } = this
    const packets = this.pair.packets()
    const begin = process.cpuUsage()
    for (let done = 0; done < TRIPS; ) {
      for (let i = 0; i < 2000; i++, done++) {
        this.place = (this.place + 61_803) % count
        const a = near[this.place] as number
        const b = far[this.place] as number
        left.sockets.send(a, bytes)
        right.sockets.recv(b, bytes)
        right.sockets.send(b, bytes)
        left.sockets.recv(a, bytes)
      }
      // Timers: with many connections each is idle until its acknowledgement is due.
      await nextTurn()
    }
    const { user, system } = process.cpuUsage(begin)
    return ((user + system) * 1000) / (this.pair.packets() - packets)
  }
}

function memory(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function run(runs: number): Promise<{ figures: Figure[]; notes: string[] }> {
  const pair = createTcpPair({ offload: true })
  const crowd = new Crowd(pair)
  await crowd.growTo(FEW)
  await crowd.cost(FEW)
  const few: number[] = []
  for (let i = 0; i < runs; i++) few.push(await crowd.cost(FEW))
  const before = memory()
  await crowd.growTo(MANY)
  const many: number[] = []
  for (let i = 0; i <= runs; i++) many.push(await crowd.cost(MANY))
  // Delayed acknowledgements are over: nothing is queued, no timer runs.
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const each = (memory() - before) / (MANY - FEW) / 2
  const costOfFew = median(few)
  const costOfMany = median(many.slice(1))
  const ratio = costOfMany / costOfFew
  return {
    figures: [
      {
        name: 'memory of an idle connection, one end, with its descriptor',
        value: significant(each),
        unit: 'bytes',
        aim: { text: '< 2048', met: each < 2048 },
      },
      {
        name: `a packet with ${MANY.toLocaleString('en-US')} connections`,
        value: significant(costOfMany),
        unit: 'ns',
        peer: { name: `with ${FEW}`, value: significant(costOfFew) },
        ratio: significant(ratio),
        aim: { text: 'x 1.5 or less', met: ratio <= 1.5 },
      },
    ],
    notes: [
      'heap and external memory after collection, of both ends, halved; each connection has sent and received',
      'processor time of 64-byte round trips over connections far apart, by the packets that they took: socket calls, both stacks, timers',
      'with many connections each answer is acknowledged by a packet of its own, when its delay is over',
    ],
  }
}

export const tcpMany: Case = {
  name: 'tcp-many',
  title: '100,000 TCP connections between two stacks in one process',
  oneProcessor: true,
  namespace: false,
  run,
}
