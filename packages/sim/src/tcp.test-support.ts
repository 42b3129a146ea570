import {
  AF_INET,
  AF_INET6,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_RCVBUF,
  SO_SNDBUF,
  SOCK_RAW,
  SOCK_STREAM,
  SOL_SOCKET,
  SOL_TCP,
  SocketError,
  TCP_CONGESTION,
  TCP_FASTOPEN,
  TCP_FASTOPEN_CONNECT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_MAXSEG,
  TCP_NODELAY,
} from '@jackfield/sockets'
import { expect, inject } from 'vitest'
import { createNetwork, type Network, type SimHost } from './index.js'
import { attempt, End } from './tcp-end.test-support.js'
import { drawScenario, type EndPlan, type Way, type Wrap } from './tcp-scenario.test-support.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** `JACKFIELD_RUNS` and `JACKFIELD_SEED`, from the test configuration; empty where they are not set. */
    runs: string
    seed: string
  }
}

/** Runs of each property: `JACKFIELD_RUNS`. */
function runsWanted(usual: number): number {
  const runs = inject('runs')
  return runs === '' ? usual : Number(runs)
}

/** The first seed: `JACKFIELD_SEED`, which repeats one run with `JACKFIELD_RUNS=1`. */
function firstSeed(): number {
  const seed = inject('seed')
  return seed === '' ? 1 : Number(seed)
}

function configure(host: SimHost, fd: number, plan: EndPlan): void {
  const { sockets } = host
  if (plan.sendBuffer > 0) sockets.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, plan.sendBuffer)
  if (plan.receiveBuffer > 0) sockets.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, plan.receiveBuffer)
  if (plan.maxSegment > 0) sockets.setsockopt(fd, SOL_TCP, TCP_MAXSEG, plan.maxSegment)
  if (plan.keepAlive) {
    sockets.setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, 1)
    sockets.setsockopt(fd, SOL_TCP, TCP_KEEPIDLE, 1)
    sockets.setsockopt(fd, SOL_TCP, TCP_KEEPINTVL, 2)
  }
  sockets.setsockopt(fd, SOL_TCP, TCP_CONGESTION, plan.congestion)
  sockets.setsockopt(fd, SOL_TCP, TCP_NODELAY, plan.noDelay)
}

/** The port that the connection comes from. */
const FROM_PORT = 7000

/** Where TCP counts sequence numbers up: one every 64 ns. */
const NUMBERS_PER_MICROSECOND = 1000 / 64

/** The family of a connection's sockets. */
function familyOf(way: Way): number {
  return way === 'ipv4' ? AF_INET : AF_INET6
}

/** A port on all addresses. */
function anywhere(way: Way, port: number): string {
  return way === 'ipv4' ? `0.0.0.0:${port}` : `[::]:${port}`
}

/** A port of a host, as the connection reaches it. */
function reached(way: Way, host: SimHost, port: number): string {
  if (way === 'ipv6') return `[${host.address6}]:${port}`
  return way === 'mapped' ? `[::ffff:${host.address}]:${port}` : `${host.address}:${port}`
}

/** Lets time pass until the initial sequence number of the next connection lies where the scenario wants it. */
async function awaitWrap(
  net: Network,
  a: SimHost,
  b: SimHost,
  listener: number,
  wrap: Wrap,
  delay: number,
  way: Way,
): Promise<void> {
  const watcher = wrap.end === 'a' ? b : a
  const raw = watcher.sockets.socket(way === 'ipv6' ? AF_INET6 : AF_INET, SOCK_RAW, 6)
  const fd = a.sockets.socket(familyOf(way), SOCK_STREAM)
  a.sockets.bind(fd, anywhere(way, FROM_PORT))
  const began = net.now
  await net.settle(a.sockets.promises.connect(fd, reached(way, b, 80)))
  const accepted = await net.settle(b.sockets.promises.accept(listener))
  // The first that its host saw: the SYN, or the SYN-ACK; by IPv4 behind a header of 20 bytes.
  const segment = new Uint8Array(100)
  const header = way === 'ipv6' ? 0 : 20
  if (watcher.sockets.recv(raw, segment) < header + 20) throw new Error('no SYN was seen')
  const seen = new DataView(segment.buffer).getUint32(header + 4)
  watcher.sockets.close(raw)
  for (const [host, each] of [
    [b, accepted],
    [a, fd],
  ] as const) {
    host.sockets.setsockopt(each, SOL_SOCKET, SO_LINGER, { onoff: true, linger: 0 })
    host.sockets.close(each)
  }
  const wanted = wrap.at - wrap.before - seen
  // The other end's number is from when the SYN comes.
  const later = net.now - began + (wrap.end === 'b' ? delay : 0)
  const wait = ((wanted + 2 ** 33) % 2 ** 32) / NUMBERS_PER_MICROSECOND - later
  net.advance(Math.floor(wait < 0 ? wait + 2 ** 32 / NUMBERS_PER_MICROSECOND : wait))
}

/** Failures after which a property is not run any further. */
const MOST_FAILURES = 10

/** Runs a property with `JACKFIELD_RUNS` seeds; of those that fail the first ones are told. */
export async function runSeeds(usual: number, run: (seed: number) => Promise<void>): Promise<void> {
  const first = firstSeed()
  const last = first + runsWanted(usual)
  const failures: Error[] = []
  for (let seed = first; seed < last && failures.length < MOST_FAILURES; seed++) {
    await run(seed).catch((error: Error) => failures.push(error))
  }
  const told = failures.map(({ message }) => message).join('\n')
  if (failures.length > 0) throw new Error(told, { cause: failures[0] })
}

/** The longest that a connection may take. */
const PATIENCE = 600e6

// Patience with losses in a row, which are the way's fault.
const PATIENT = {
  'net.ipv4.tcp_syn_retries': 12,
  'net.ipv4.tcp_synack_retries': 12,
  'net.ipv4.tcp_orphan_retries': 14,
  // Without timestamps what was sent again gives no round trip (Karn): a timeout once doubled stays so for long.
  'net.ipv4.tcp_rto_max_ms': 10_000,
}

/** Runs the scenario of a seed; throws with the seed in the message where it goes wrong. */
export async function runScenario(seed: number): Promise<void> {
  const scenario = drawScenario(seed)
  const { way } = scenario
  const net = createNetwork({ seed })
  const [settingsA, settingsB] = scenario.settings
  const a = net.host('a', { sysctl: { ...PATIENT, ...settingsA } })
  const b = net.host('b', { sysctl: { ...PATIENT, ...settingsB } })
  const { offload, mtu, queue, ...impairments } = scenario.cable
  const cable = net.cable(a, b, { ...(mtu ? { mtu } : {}), ...(queue ? { queue } : {}), offload: offload ?? false })
  const [planA, planB] = scenario.ends
  const began = { now: 0 }
  let one: End | null = null
  let two: End | null = null
  try {
    // They know each other's link address before the way turns bad.
    await net.settle(a.ping(b, { count: 1, version: way === 'ipv6' ? 6 : 4 }))
    const listener = listenOn(b, 80, 16, way)
    if (scenario.wrap !== null) await awaitWrap(net, a, b, listener, scenario.wrap, Number(impairments.delay), way)
    cable.setImpairments(impairments)
    began.now = net.now
    configure(b, listener, planB)
    if (scenario.fastOpen) b.sockets.setsockopt(listener, SOL_TCP, TCP_FASTOPEN, 5)
    const fd = a.sockets.socket(familyOf(way), SOCK_STREAM)
    configure(a, fd, planA)
    a.sockets.bind(fd, anywhere(way, FROM_PORT))
    if (scenario.fastOpen) a.sockets.setsockopt(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 1)
    beginConnect(a, fd, b, 80, way)
    one = new End(net, a, fd, planA, 0, planB.bytes, `${seed}/a`)
    while (one.closed === false || two?.closed !== true) {
      if (net.now - began.now > PATIENCE) throw new Error('stuck')
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
    const took = (net.now - began.now) / 1e6
    const state = `after ${took} s; a: ${one?.describe()}; b: ${two?.describe()}; ${JSON.stringify(scenario)}`
    throw new Error(`seed ${seed} (${again}): ${(error as Error).message} ${state}`, { cause: error })
  }
  await net.close()
  for (const host of net.hosts) expect(host.packetsOutstanding, `packets kept by ${host.name}, seed ${seed}`).toBe(0)
}

/** A socket that listens on all addresses. */
export function listenOn(host: SimHost, port: number, backlog = 16, way: Way = 'ipv4'): number {
  const fd = host.sockets.socket(familyOf(way), SOCK_STREAM)
  host.sockets.bind(fd, anywhere(way, port))
  host.sockets.listen(fd, backlog)
  return fd
}

/** Begins to connect; it is under way when this returns. */
export function beginConnect(host: SimHost, fd: number, to: SimHost, port: number, way: Way = 'ipv4'): void {
  try {
    host.sockets.connect(fd, reached(way, to, port))
  } catch (error) {
    if (!(error instanceof SocketError) || error.code !== 'EINPROGRESS') throw error
  }
}
