import type { SocketAddress } from '@jackfield/addr'
import type { Timer } from '@jackfield/clock'
import {
  IP_TOS,
  SO_RCVBUF,
  SO_SNDBUF,
  SOL_IP,
  SOL_SOCKET,
  SOL_TCP,
  SocketError,
  TCP_CONGESTION,
  TCP_MAXSEG,
  TCP_NODELAY,
} from '@jackfield/sockets'
import type { ServiceHost } from '../service-host.js'
import { StreamLoop } from '../stream-loop.js'
import { Arrivals, datagramSocket, greeted, hasCookie, RefusedStream } from './accepting.js'
import { ControlConnection } from './control-connection.js'
import { Allowance, type DataStream, Pacer } from './data-stream.js'
import { type Iperf3Parameters, readParameters } from './parameters.js'
import * as iperf3 from './protocol.js'
import { type CpuUsage, type Iperf3Result, resultsJson, summary } from './results.js'
import { TcpReceiver, TcpSender } from './tcp-stream.js'
import { UdpReceiver, UdpSender } from './udp-stream.js'

/** Seconds for each step but the test itself; and for the test beyond the time that the client named. */
const PATIENCE = 30

/** Seconds that a test without a time may last. */
const LONGEST = 24 * 3600

/** One test: the server's side of one control connection, from the cookie to `IPERF_DONE`. */
export class Iperf3Test {
  /** Whether the client has its results: its word that it is done is waited for, but the next one need not wait. */
  served = false
  private readonly host: ServiceHost
  private readonly port: number
  private readonly fd: number
  private readonly cpuUsage: () => CpuUsage
  private readonly control: ControlConnection
  private readonly arrivals = new Arrivals()
  private readonly loop: StreamLoop
  private readonly over = new AbortController()
  private readonly timer: Timer
  private readonly client: SocketAddress
  /** Whether connections that come now are its streams. */
  private gathers = false
  /** Sockets of streams that did not begin yet. */
  private gathered: number[] = []
  private streams: DataStream[] = []
  private protocol: 'tcp' | 'udp' = 'tcp'
  private began = 0
  private seconds = 0
  private result: Iperf3Result | null = null

  /** @param fd the control connection, which is the test's from now on */
  constructor(host: ServiceHost, port: number, fd: number, cpuUsage: () => CpuUsage) {
    this.host = host
    this.port = port
    this.fd = fd
    this.cpuUsage = cpuUsage
    this.client = host.sockets.getpeername(fd) as SocketAddress
    this.control = new ControlConnection(host.sockets, fd, { signal: this.over.signal })
    this.loop = new StreamLoop(host.sockets)
    this.timer = host.stack.clock.createTimer(() => this.abort('the client took too long'))
  }

  /** A connection that may be a stream, which is the test's from now on; false: it waits for none. */
  offer(fd: number): boolean {
    return this.gathers && this.arrivals.offer(fd)
  }

  /** Ends the test at once. */
  abort(reason: string): void {
    if (this.result !== null) return
    this.control.tell(iperf3.SERVER_TERMINATE)
    this.finish(reason)
  }

  /** Goes through the test to its end. Never rejects: what went wrong is in the result. */
  async run(): Promise<Iperf3Result> {
    try {
      await this.course()
      return this.finish()
    } catch (reason) {
      if (this.result === null) {
        if (reason instanceof iperf3.Iperf3Error) this.control.tell(iperf3.SERVER_ERROR, reason.number)
        else this.control.tell(iperf3.SERVER_TERMINATE)
      }
      return this.finish(reason instanceof Error ? reason.message : String(reason))
    }
  }

  /** Closes all that is the test's, once. */
  private finish(error?: string): Iperf3Result {
    if (this.result !== null) return this.result
    const { host, fd, streams, gathered, arrivals, seconds } = this
    this.result = summary(String(this.client), this.protocol, streams, seconds, error)
    this.timer.cancel()
    this.gathers = false
    this.over.abort(new Error('the test is over'))
    for (const each of [fd, ...gathered, ...arrivals.rest()]) host.sockets.close(each)
    this.loop.close()
    return this.result
  }

  private async course(): Promise<void> {
    const { control } = this
    this.allow(PATIENCE)
    const cookie = await control.readCookie()
    await control.writeState(iperf3.PARAM_EXCHANGE)
    const parameters = readParameters(await control.readJson())
    this.protocol = parameters.protocol
    // The client has nothing more to say before the end of the test. One that goes is not waited for.
    const ended = control.readState()
    ended.then(
      (state) => {
        if (state !== iperf3.TEST_END) this.abort('the client ended the test')
      },
      () => this.abort('the client went'),
    )
    await this.gather(parameters, cookie)
    await control.writeState(iperf3.TEST_START)
    const before = this.cpuUsage()
    this.start(parameters)
    await control.writeState(iperf3.TEST_RUNNING)
    this.allow(parameters.seconds > 0 ? parameters.omit + parameters.seconds + PATIENCE : LONGEST)
    await ended
    this.over.signal.throwIfAborted()
    this.seconds = (this.host.stack.clock.now() - this.began) / 1e6
    const results = this.results(parameters, before)
    for (const stream of this.streams) stream.stop()
    this.allow(PATIENCE)
    await control.writeState(iperf3.EXCHANGE_RESULTS)
    await control.readJson()
    await control.writeJson(results)
    await control.writeState(iperf3.DISPLAY_RESULTS)
    this.served = true
    await control.readState()
  }

  /** The next step may take so many seconds. */
  private allow(seconds: number): void {
    this.timer.setAfter(seconds * 1e6)
  }

  /** Asks for the streams, and waits for them: those that the client sends on come first. */
  private async gather(parameters: Iperf3Parameters, cookie: Uint8Array): Promise<void> {
    const wanted = parameters.streams * (parameters.sender === 'both' ? 2 : 1)
    if (parameters.protocol === 'udp') await this.gatherDatagrams(wanted)
    else await this.gatherConnections(wanted, cookie)
    for (const fd of this.gathered) this.configure(fd, parameters)
  }

  private async gatherConnections(wanted: number, cookie: Uint8Array): Promise<void> {
    const { host, gathered, loop } = this
    const { signal } = this.over
    this.gathers = true
    await this.control.writeState(iperf3.CREATE_STREAMS)
    while (gathered.length < wanted) {
      const fd = await this.arrivals.next(signal)
      gathered.push(fd)
      if (await hasCookie(host.sockets, fd, cookie, { signal })) continue
      gathered.pop()
      loop.add(fd, new RefusedStream(host, loop, fd))
    }
    this.gathers = false
  }

  private async gatherDatagrams(wanted: number): Promise<void> {
    const { gathered, client, port } = this
    const { sockets } = this.host
    const { signal } = this.over
    let fd = datagramSocket(sockets, port)
    gathered.push(fd)
    await this.control.writeState(iperf3.CREATE_STREAMS)
    for (;;) {
      const answer = await greeted(sockets, fd, client.address, { signal })
      const answered = fd
      // The next one's socket is there before its client is told to go on.
      if (gathered.length < wanted) {
        fd = datagramSocket(sockets, port)
        gathered.push(fd)
      }
      sockets.send(answered, answer)
      if (answered === fd) return
    }
  }

  /** Sets the options that the client asked for. */
  private configure(fd: number, parameters: Iperf3Parameters): void {
    const { sockets } = this.host
    const set = (level: number, name: number, value: number | string | undefined, error: number): void => {
      if (value === undefined) return
      try {
        sockets.setsockopt(fd, level, name, value)
      } catch (reason) {
        if (!(reason instanceof SocketError)) throw reason
        throw new iperf3.Iperf3Error(error, `${reason.message} (${value})`)
      }
    }
    set(SOL_IP, IP_TOS, parameters.typeOfService, iperf3.IESETTOS)
    set(SOL_SOCKET, SO_RCVBUF, parameters.bufferSize, iperf3.IESETBUF)
    set(SOL_SOCKET, SO_SNDBUF, parameters.bufferSize, iperf3.IESETBUF)
    if (parameters.protocol === 'udp') return
    set(SOL_TCP, TCP_MAXSEG, parameters.segmentSize, iperf3.IESETMSS)
    set(SOL_TCP, TCP_CONGESTION, parameters.congestion, iperf3.IESETCONGESTION)
    if (parameters.noDelay) sockets.setsockopt(fd, SOL_TCP, TCP_NODELAY, 1)
  }

  private start(parameters: Iperf3Parameters): void {
    const { host, loop } = this
    const { sockets } = host
    const { clock } = host.stack
    const { protocol, sender, streams, blockSize, rate, wideCounters } = parameters
    const block = new Uint8Array(blockSize)
    // What is lost or omitted does not count for the client: then it has to say when it has enough.
    const counted = parameters.bytes > 0 && parameters.omit === 0
    const allowance = counted ? new Allowance(parameters.bytes) : null
    this.streams = this.gathered.map((fd, index): DataStream => {
      const sends = sender === 'server' || (sender === 'both' && index >= streams)
      if (!sends) {
        return protocol === 'udp' ? new UdpReceiver(sockets, fd, clock, wideCounters) : new TcpReceiver(sockets, fd)
      }
      const pacer = new Pacer(clock, rate, loop, fd)
      return protocol === 'udp'
        ? new UdpSender(sockets, fd, clock, blockSize, wideCounters, pacer)
        : new TcpSender(sockets, fd, block, pacer, allowance)
    })
    this.began = clock.now()
    this.gathered = []
    for (const stream of this.streams) loop.add(stream.fd, stream)
    if (parameters.omit === 0) return
    const omitted = clock.createTimer(() => {
      this.began = clock.now()
      for (const stream of this.streams) stream.restart()
    })
    omitted.setAfter(parameters.omit * 1e6)
    this.over.signal.addEventListener('abort', () => omitted.cancel(), { once: true })
  }

  private results(parameters: Iperf3Parameters, before: CpuUsage): object {
    const { sockets } = this.host
    const first = this.streams[0]?.fd
    const tcp = parameters.protocol === 'tcp' && first !== undefined && this.loop.serves(first)
    const congestion = tcp ? String(sockets.getsockopt(first, SOL_TCP, TCP_CONGESTION)) : undefined
    const after = this.cpuUsage()
    return resultsJson(parameters, this.streams, this.seconds, { before, after }, congestion)
  }
}
