import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Case, Figure } from '../figure.js'
import { alternate, rate, significant } from '../median.js'
import { BulkFlow, createTcpPair, listen, open, type TcpPair } from '../tcp-pair.js'
import { PING_SIZE } from '../tcp-task.js'

const PORT = 9000
/** How long one measurement runs, in milliseconds. */
const SPAN = 800
/** Steps before the event loop gets its turn, and timers theirs. */
const STEPS = 256

/** Gbit/s of one flow. */
export async function throughput(flow: BulkFlow): Promise<number> {
  const before = flow.moved
  const begin = performance.now()
  let now = begin
  while (now - begin < SPAN) {
    for (let i = 0; i < STEPS && flow.step(); i++);
    await nextTurn()
    now = performance.now()
  }
  return ((flow.moved - before) * 8) / (now - begin) / 1e6
}

/** Round trips over one connection. */
function pingPong(pair: TcpPair): (count: number) => void {
  const [near, far] = open(pair, listen(pair, PORT + 1), PORT + 1)
  const { sockets: left } = pair.left
  const { sockets: right } = pair.right
  const bytes = new Uint8Array(PING_SIZE)
  return (count) => {
    for (let i = 0; i < count; i++) {
      left.send(near, bytes)
      right.recv(far, bytes)
      right.send(far, bytes)
      left.recv(near, bytes)
    }
  }
}

/** Opens connections and closes them, the server first. */
function openAndClose(pair: TcpPair): (count: number) => void {
  const listener = listen(pair, PORT + 2)
  const buffer = new Uint8Array(1)
  return (count) => {
    for (let i = 0; i < count; i++) {
      const [near, far] = open(pair, listener, PORT + 2)
      pair.right.sockets.close(far)
      if (pair.left.sockets.recv(near, buffer) !== 0) throw new Error('the end of the stream did not come')
      pair.left.sockets.close(near)
    }
  }
}

async function run(runs: number): Promise<{ figures: Figure[]; notes: string[] }> {
  const plain = createTcpPair({ offload: false })
  const whole = createTcpPair({ offload: true })
  const cut = new BulkFlow(plain, PORT)
  const uncut = new BulkFlow(whole, PORT)
  const ping = pingPong(plain)
  const connect = openAndClose(plain)
  const [small = 0, large = 0, trips = 0, opened = 0] = await alternate(runs, [
    () => throughput(cut),
    () => throughput(uncut),
    () => rate(() => ping(256), 256, SPAN / 2),
    async () => {
      const value = rate(() => connect(64), 64, SPAN / 2)
      await nextTurn()
      return value
    },
  ])
  for (const { left, right } of [plain, whole]) {
    await left.close()
    await right.close()
  }
  const bulk = (name: string, value: number, aim: number): Figure => ({
    name,
    value: significant(value),
    unit: 'Gbit/s',
    aim: { text: `> ${aim}`, met: value > aim },
  })
  return {
    figures: [
      bulk('bulk, MTU 1500, every checksum computed and verified', small, 10),
      bulk('bulk with segmentation offload', large, 40),
      { name: `${PING_SIZE}-byte round trips`, value: significant(trips), unit: 'per s' },
      { name: 'connections opened and closed', value: significant(opened), unit: 'per s' },
    ],
    notes: [
      'send and recv of 64 and up to 256 KB; no device, no kernel; the other end of everything is in the same figure',
      'round trips and connections: the plain cable, TCP_NODELAY; the server closes first',
    ],
  }
}

export const tcpInProcess: Case = {
  name: 'tcp-in-process',
  title: 'TCP between two stacks in one process, on one processor',
  oneProcessor: true,
  namespace: false,
  run,
}
