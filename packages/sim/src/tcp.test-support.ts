import { createSeededRandom, type RandomSource } from '@jackfield/clock'
import {
  AF_INET,
  EAGAIN,
  EPOLLET,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  MSG_PEEK,
  POLLOUT,
  type Readiness,
  SHUT_WR,
  SO_RCVBUF,
  SO_SNDBUF,
  SOCK_STREAM,
  SOL_SOCKET,
  SOL_TCP,
  SocketError,
  TCP_CONGESTION,
  TCP_NODELAY,
} from '@jackfield/sockets'
import { expect, inject } from 'vitest'
import { createNetwork, type Network, type SimCableOptions, type SimHost } from './index.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** `JACKFIELD_RUNS` and `JACKFIELD_SEED`, from the test configuration; empty where they are not set. */
    runs: string
    seed: string
  }
}

/** Runs of each property: `JACKFIELD_RUNS`. */
export function runsWanted(usual: number): number {
  const runs = inject('runs')
  return runs === '' ? usual : Number(runs)
}

/** The first seed: `JACKFIELD_SEED`, which repeats one run with `JACKFIELD_RUNS=1`. */
export function firstSeed(): number {
  const seed = inject('seed')
  return seed === '' ? 1 : Number(seed)
}

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
}

/** A connection and the way between its ends. */
export interface Scenario {
  readonly cable: SimCableOptions
  readonly ends: readonly [EndPlan, EndPlan]
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
  }
}

/** The scenario of a seed. */
export function drawScenario(random: RandomSource): Scenario {
  const size = (): number => random.below(pick(random, [2, 2000, 30_000, 120_000]))
  const form = random.below(4)
  if (form === 0) return { cable: drawCable(random), ends: ends(drawEnd(random, 'leave', 1 + size()), silent(random)) }
  if (form === 1) return { cable: drawCable(random), ends: ends(silent(random), drawEnd(random, 'leave', 1 + size())) }
  const other: Ending = form === 2 ? 'shutdown' : 'last'
  const a = drawEnd(random, 'shutdown', size())
  return { cable: drawCable(random), ends: ends(a, drawEnd(random, other, size())) }

  function silent(from: RandomSource): EndPlan {
    return drawEnd(from, 'last', 0)
  }
  function ends(one: EndPlan, two: EndPlan): readonly [EndPlan, EndPlan] {
    return chance(random, 0.5) ? [one, two] : [two, one]
  }
}

/** The byte at a place of a stream: another for every stream, and no short period. */
function byteAt(stream: number, at: number): number {
  return (at * 31 + (at >>> 8) * 7 + (at >>> 16) * 13 + stream * 101) & 0xff
}

/** Whether a call that does not wait had nothing to do: false; every other error is the test's. */
function attempt(call: () => number): number {
  try {
    return call()
  } catch (error) {
    if (error instanceof SocketError && error.errno === EAGAIN) return -1
    throw error
  }
}

/** One end of a connection: writes, reads and checks what it reads, now and then, until its plan is done. */
export class End {
  sent = 0
  received = 0
  ended = false
  closed = false
  private connected = false
  private shut = false
  /** Times in a row that it had nothing to do; it looks less often then. */
  private idle = 0
  private mayRead = true
  private mayWrite = true
  private readonly host: SimHost
  private readonly fd: number
  private readonly plan: EndPlan
  private readonly stream: number
  private readonly expected: number
  private readonly random: RandomSource
  private readonly readiness: Readiness | null = null
  private readonly again: () => void

  constructor(net: Network, host: SimHost, fd: number, plan: EndPlan, stream: number, expected: number, seed: string) {
    this.host = host
    this.fd = fd
    this.plan = plan
    this.stream = stream
    this.expected = expected
    this.random = createSeededRandom(seed)
    if (plan.edge) {
      this.readiness = host.sockets.epoll()
      this.readiness.add(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)
      this.mayRead = this.mayWrite = false
    }
    const timer = net.clock.createTimer(() => this.act())
    this.again = () => timer.setAfter(1 + this.random.below(Math.min(plan.pause << this.idle, 100_000)))
    this.again()
  }

  describe(): string {
    const { sent, received, ended, closed, plan, expected } = this
    return `sent ${sent}/${plan.bytes} received ${received}/${expected} ended ${ended} closed ${closed}`
  }

  private act(): void {
    // A connection that is not there yet has nothing that could be ended.
    if (!this.connected) {
      this.connected = this.host.sockets.poll([{ fd: this.fd, events: POLLOUT, revents: 0 }]) > 0
      this.again()
      return
    }
    for (const { events } of this.readiness?.poll() ?? []) {
      if ((events & (EPOLLIN | EPOLLRDHUP)) !== 0) this.mayRead = true
      if ((events & EPOLLOUT) !== 0) this.mayWrite = true
    }
    const before = this.sent + this.received
    // Now the one first, now the other.
    if (this.random.below(2) === 0) this.read()
    this.write()
    this.read()
    this.finish()
    this.idle = this.sent + this.received === before ? Math.min(this.idle + 1, 14) : 0
    if (!this.closed) this.again()
  }

  private write(): void {
    const left = this.plan.bytes - this.sent
    if (left === 0 || !this.mayWrite) return
    const chunk = new Uint8Array(Math.min(left, 1 + this.random.below(this.plan.chunk)))
    for (let i = 0; i < chunk.length; i++) chunk[i] = byteAt(this.stream, this.sent + i)
    const taken = attempt(() => this.host.sockets.send(this.fd, chunk))
    if (taken >= 0) this.sent += taken
    else if (this.readiness !== null) this.mayWrite = false
  }

  private read(): void {
    if (this.ended || !this.mayRead) return
    const buffer = new Uint8Array(1 + this.random.below(this.plan.chunk))
    if (this.plan.peek) {
      const seen = attempt(() => this.host.sockets.recv(this.fd, buffer, MSG_PEEK))
      if (seen > 0) this.check(buffer, seen)
    }
    const length = attempt(() => this.host.sockets.recv(this.fd, buffer))
    if (length > 0) {
      this.check(buffer, length)
      this.received += length
    } else if (length === 0) {
      if (this.received !== this.expected) throw new Error(`the stream ends at ${this.received} of ${this.expected}`)
      this.ended = true
    } else if (this.readiness !== null) this.mayRead = false
  }

  private check(buffer: Uint8Array, length: number): void {
    for (let i = 0; i < length; i++) {
      const at = this.received + i
      if (at >= this.expected) throw new Error(`byte ${at} was never sent`)
      if (buffer[i] !== byteAt(1 - this.stream, at)) throw new Error(`byte ${at} is not the one sent`)
    }
  }

  private finish(): void {
    if (this.sent < this.plan.bytes) return
    const { ending } = this.plan
    if (ending === 'shutdown' && !this.shut) {
      this.host.sockets.shutdown(this.fd, SHUT_WR)
      this.shut = true
    }
    if (ending !== 'leave' && !this.ended) return
    this.readiness?.close()
    this.host.sockets.close(this.fd)
    this.closed = true
  }
}

function configure(host: SimHost, fd: number, plan: EndPlan): void {
  const { sockets } = host
  if (plan.sendBuffer > 0) sockets.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, plan.sendBuffer)
  if (plan.receiveBuffer > 0) sockets.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, plan.receiveBuffer)
  sockets.setsockopt(fd, SOL_TCP, TCP_CONGESTION, plan.congestion)
  sockets.setsockopt(fd, SOL_TCP, TCP_NODELAY, plan.noDelay)
}

/** The longest that a connection may take. */
const PATIENCE = 600e6

/** Runs the scenario of a seed; throws with the seed in the message where it goes wrong. */
export async function runScenario(seed: number, scenario: Scenario = scenarioOf(seed)): Promise<void> {
  const net = createNetwork({ seed })
  // Patience with losses in a row, which are the way's fault.
  const sysctl = {
    'net.ipv4.tcp_syn_retries': 12,
    'net.ipv4.tcp_synack_retries': 12,
    'net.ipv4.tcp_orphan_retries': 14,
  }
  const a = net.host('a', { sysctl })
  const b = net.host('b', { sysctl })
  const { offload, mtu, queue, ...impairments } = scenario.cable
  const cable = net.cable(a, b, { ...(mtu ? { mtu } : {}), ...(queue ? { queue } : {}), offload: offload ?? false })
  const listener = listenOn(b, 80)
  // They know each other's link address before the way turns bad.
  await net.settle(a.ping(b, { count: 1 }))
  cable.setImpairments(impairments)
  const [planA, planB] = scenario.ends
  let one: End | null = null
  let two: End | null = null
  try {
    configure(b, listener, planB)
    const fd = a.sockets.socket(AF_INET, SOCK_STREAM)
    configure(a, fd, planA)
    beginConnect(a, fd, b, 80)
    one = new End(net, a, fd, planA, 0, planB.bytes, `${seed}/a`)
    while (one.closed === false || two?.closed !== true) {
      if (net.now > PATIENCE) throw new Error('stuck')
      if (!net.step()) throw new Error('nothing is left to do')
      if (two !== null) continue
      const accepted = attempt(() => b.sockets.accept(listener))
      if (accepted >= 0) two = new End(net, b, accepted, planB, 1, planA.bytes, `${seed}/b`)
    }
    b.sockets.close(listener)
    // FINs and their repetitions, TIME-WAIT and those who never heard the last word.
    net.advance('20min')
    for (const host of net.hosts) {
      expect(host.stack.counters()['TcpCurrEstab'], `connections of ${host.name}`).toBe(0)
      expect(host.sockets.size).toBe(0)
      expect(host.packetsOutstanding, `packets kept by ${host.name}`).toBe(0)
    }
    expect(net.clock.idle, 'timers are left').toBe(true)
  } catch (error) {
    const again = `JACKFIELD_SEED=${seed} JACKFIELD_RUNS=1`
    const state = `at ${net.now / 1e6} s; a: ${one?.describe()}; b: ${two?.describe()}; ${JSON.stringify(scenario)}`
    throw new Error(`seed ${seed} (${again}): ${(error as Error).message} ${state}`, { cause: error })
  }
  await net.close()
  for (const host of net.hosts) expect(host.packetsOutstanding, `packets kept by ${host.name}, seed ${seed}`).toBe(0)
}

function scenarioOf(seed: number): Scenario {
  return drawScenario(createSeededRandom(`scenario/${seed}`))
}

/** A socket that listens on all addresses. */
export function listenOn(host: SimHost, port: number, backlog = 16): number {
  const fd = host.sockets.socket(AF_INET, SOCK_STREAM)
  host.sockets.bind(fd, `0.0.0.0:${port}`)
  host.sockets.listen(fd, backlog)
  return fd
}

/** Begins to connect; it is under way when this returns. */
export function beginConnect(host: SimHost, fd: number, to: SimHost, port: number): void {
  try {
    host.sockets.connect(fd, `${to.address}:${port}`)
  } catch (error) {
    if (!(error instanceof SocketError) || error.code !== 'EINPROGRESS') throw error
  }
}
