import { createNetwork, type Network, type SimHost } from '@jackfield/sim'
import { AF_INET, MSG_WAITALL, SOCK_DGRAM, SOCK_STREAM } from '@jackfield/sockets'
import { describe, expect, test } from 'vitest'
import * as iperf3 from './protocol.js'
import type { Iperf3Result } from './results.js'
import { serveIperf3 } from './server.js'

const COOKIE: Uint8Array = new TextEncoder().encode(`${'c'.repeat(36)}\0`)

interface Pair {
  net: Network
  server: SimHost
  client: SimHost
  results: Iperf3Result[]
  /** The first result is there. */
  told: Promise<void>
  stop: () => void
}

function pair(): Pair {
  const net = createNetwork({ seed: 1 })
  const [server, client] = [net.host('server'), net.host('client')]
  net.cable(server, client, { delay: '1ms', rate: 100e6 })
  const results: Iperf3Result[] = []
  let stop = (): void => undefined
  const told = new Promise<void>((resolve) => {
    stop = serveIperf3(server, {
      onResult: (result) => {
        results.push(result)
        resolve()
      },
    })
  })
  return { net, server, client, results, told, stop: () => stop() }
}

/** As much of iperf3's client as a test needs. */
class Client {
  readonly fd: number
  private readonly host: SimHost
  private readonly target: string

  constructor(host: SimHost, target: string) {
    this.host = host
    this.target = target
    this.fd = host.sockets.socket(AF_INET, SOCK_STREAM)
  }

  async begin(parameters: object): Promise<void> {
    await this.connect(this.fd)
    expect(await this.state()).toBe(iperf3.PARAM_EXCHANGE)
    await this.say(parameters)
  }

  async connect(fd: number, cookie: Uint8Array = COOKIE): Promise<void> {
    await this.host.sockets.promises.connect(fd, this.target)
    await this.host.sockets.promises.send(fd, cookie)
  }

  async stream(): Promise<number> {
    const fd = this.host.sockets.socket(AF_INET, SOCK_STREAM)
    await this.connect(fd)
    return fd
  }

  async state(): Promise<number> {
    return (await this.read(1))[0] ?? -1
  }

  async tell(state: number): Promise<void> {
    await this.host.sockets.promises.send(this.fd, Uint8Array.of(state))
  }

  async say(json: object): Promise<void> {
    const text = new TextEncoder().encode(JSON.stringify(json))
    const size = new Uint8Array(4)
    new DataView(size.buffer).setUint32(0, text.length)
    await this.host.sockets.promises.send(this.fd, size)
    await this.host.sockets.promises.send(this.fd, text)
  }

  async hear(): Promise<{ streams: { id: number; bytes: number; packets: number; errors: number }[] }> {
    const size = await this.read(4)
    const text = await this.read(new DataView(size.buffer).getUint32(0))
    return JSON.parse(new TextDecoder().decode(text))
  }

  /** All that is left; empty where the server closed or reset the connection. */
  async rest(): Promise<Uint8Array> {
    const buffer = new Uint8Array(1000)
    const length = await this.host.sockets.promises.recv(this.fd, buffer, MSG_WAITALL).catch(() => 0)
    return buffer.slice(0, length)
  }

  /** From the end of the test to the server's results, and away. */
  async results(): ReturnType<Client['hear']> {
    const results = await this.answers()
    await this.tell(iperf3.IPERF_DONE)
    this.host.sockets.close(this.fd)
    return results
  }

  async answers(): ReturnType<Client['hear']> {
    await this.tell(iperf3.TEST_END)
    expect(await this.state()).toBe(iperf3.EXCHANGE_RESULTS)
    await this.say({})
    const results = await this.hear()
    expect(await this.state()).toBe(iperf3.DISPLAY_RESULTS)
    return results
  }

  private async read(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length)
    expect(await this.host.sockets.promises.recv(this.fd, bytes, MSG_WAITALL)).toBe(length)
    return bytes
  }
}

async function ended({ net, stop }: Pair): Promise<void> {
  stop()
  await net.close()
  for (const host of net.hosts) expect(host.stack.packets.outstanding).toBe(0)
}

describe('the iperf3 server', () => {
  test('counts what three streams send, and numbers them as iperf3 does', async () => {
    const all = pair()
    const { net, server, client: host, results } = all
    const client = new Client(host, `${server.address}:5201`)
    const course = async () => {
      await client.begin({ tcp: true, parallel: 3, num: 30_000 })
      expect(await client.state()).toBe(iperf3.CREATE_STREAMS)
      const fds = [await client.stream(), await client.stream(), await client.stream()]
      expect(await client.state()).toBe(iperf3.TEST_START)
      expect(await client.state()).toBe(iperf3.TEST_RUNNING)
      for (const [i, fd] of fds.entries()) await host.sockets.promises.send(fd, new Uint8Array(10_000 * (i + 1)))
      net.advance('100ms')
      return client.results()
    }
    const { streams } = await net.settle(course())
    expect(streams.map(({ id, bytes }) => [id, bytes])).toEqual([
      [1, 10_000],
      [3, 20_000],
      [4, 30_000],
    ])
    await net.settle(all.told)
    expect(results).toMatchObject([{ protocol: 'tcp', streams: 3, bytesReceived: 60_000, bytesSent: 0 }])
    await ended(all)
  })

  test('sends as many bytes as were asked for, and no more', async () => {
    const all = pair()
    const { net, server, client: host } = all
    const client = new Client(host, `${server.address}:5201`)
    const course = async () => {
      await client.begin({ tcp: true, reverse: true, num: 777_777 })
      expect(await client.state()).toBe(iperf3.CREATE_STREAMS)
      const fd = await client.stream()
      expect(await client.state()).toBe(iperf3.TEST_START)
      expect(await client.state()).toBe(iperf3.TEST_RUNNING)
      const buffer = new Uint8Array(777_777)
      expect(await host.sockets.promises.recv(fd, buffer, MSG_WAITALL)).toBe(777_777)
      return client.results()
    }
    expect((await net.settle(course())).streams).toMatchObject([{ id: 1, bytes: 777_777 }])
    await ended(all)
  })

  test('counts datagrams and those that are missing', async () => {
    const all = pair()
    const { net, server, client: host, results } = all
    const target = `${server.address}:5201`
    const client = new Client(host, target)
    const fd = host.sockets.socket(AF_INET, SOCK_DGRAM)
    const course = async () => {
      await client.begin({ udp: true, len: 100, time: 1 })
      expect(await client.state()).toBe(iperf3.CREATE_STREAMS)
      host.sockets.connect(fd, target)
      host.sockets.send(fd, '9876')
      const answer = new Uint8Array(10)
      expect(await host.sockets.promises.recv(fd, answer)).toBe(4)
      expect(new TextDecoder().decode(answer.subarray(0, 4))).toBe('6789')
      expect(await client.state()).toBe(iperf3.TEST_START)
      expect(await client.state()).toBe(iperf3.TEST_RUNNING)
      // The fourth never comes, the sixth comes after the seventh.
      for (const number of [1, 2, 3, 5, 7, 6, 8]) {
        const datagram = new Uint8Array(100)
        new DataView(datagram.buffer).setUint32(8, number)
        host.sockets.send(fd, datagram)
      }
      host.sockets.send(fd, 'too short')
      net.advance('10ms')
      return client.results()
    }
    expect((await net.settle(course())).streams).toMatchObject([{ id: 1, bytes: 700, packets: 8, errors: 1 }])
    await net.settle(all.told)
    expect(results).toMatchObject([{ protocol: 'udp', lost: 1, packets: 8 }])
    await ended(all)
  })

  test('refuses another client and a stream with another cookie', async () => {
    const all = pair()
    const { net, server, client: host } = all
    const target = `${server.address}:5201`
    const client = new Client(host, target)
    const [early, late] = [new Client(host, target), new Client(host, target)]
    const course = async () => {
      await client.begin({ tcp: true, num: 1 })
      expect(await client.state()).toBe(iperf3.CREATE_STREAMS)
      await early.connect(
        early.fd,
        COOKIE.map((byte) => byte + 1),
      )
      expect(await early.rest()).toEqual(Uint8Array.of(iperf3.ACCESS_DENIED))
      await client.stream()
      expect(await client.state()).toBe(iperf3.TEST_START)
      expect(await client.state()).toBe(iperf3.TEST_RUNNING)
      await late.connect(late.fd)
      expect(await late.rest()).toEqual(Uint8Array.of(iperf3.ACCESS_DENIED))
      return client.results()
    }
    expect((await net.settle(course())).streams).toHaveLength(1)
    await ended(all)
  })

  test('serves the next client as soon as one has its results, whether it has said so or not', async () => {
    const all = pair()
    const { net, server, client: host, results } = all
    const [first, second] = [1, 2].map(() => new Client(host, `${server.address}:5201`)) as [Client, Client]
    const course = async (client: Client) => {
      await client.begin({ tcp: true, num: 1 })
      expect(await client.state()).toBe(iperf3.CREATE_STREAMS)
      await client.stream()
      expect(await client.state()).toBe(iperf3.TEST_START)
      expect(await client.state()).toBe(iperf3.TEST_RUNNING)
      return client.answers()
    }
    await net.settle(course(first))
    await net.settle(course(second))
    expect(results).toEqual([])
    await ended(all)
    expect(results.map(({ error }) => error)).toEqual(['the server ends', 'the server ends'])
  })

  test('tells of parameters that it cannot serve by iperf3’s number, and is there for the next', async () => {
    const all = pair()
    const { net, server, client: host, results } = all
    const first = new Client(host, `${server.address}:5201`)
    const course = async () => {
      await first.begin({ sctp: true })
      return first.rest()
    }
    expect(await net.settle(course())).toEqual(Uint8Array.of(iperf3.SERVER_ERROR, 0, 0, 0, 18, 0, 0, 0, 0))
    expect(results).toMatchObject([{ error: 'there is no SCTP' }])
    const second = new Client(host, `${server.address}:5201`)
    await net.settle(second.begin({}))
    expect(await net.settle(second.state())).toBe(iperf3.CREATE_STREAMS)
    await ended(all)
  })

  test('does not wait for ever for a client that says nothing, at any step', async () => {
    const all = pair()
    const { net, server, client: host, results } = all
    const target = `${server.address}:5201`
    const silent = new Client(host, target)
    await net.settle(host.sockets.promises.connect(silent.fd, target))
    await net.settle(silent.rest())
    expect(results).toMatchObject([{ error: 'the client took too long' }])
    const idle = new Client(host, target)
    await net.settle(idle.begin({}))
    expect(await net.settle(idle.rest())).toEqual(Uint8Array.of(iperf3.CREATE_STREAMS, iperf3.SERVER_TERMINATE))
    expect(results).toHaveLength(2)
    expect(net.now).toBeGreaterThan(60e6)
    // Nothing of them is left: the listening socket is the only one.
    expect(server.sockets.size).toBe(1)
    await ended(all)
  })

  test('ends with a test under way', async () => {
    const all = pair()
    const { net, server, client: host, results } = all
    const client = new Client(host, `${server.address}:5201`)
    await net.settle(client.begin({}))
    expect(await net.settle(client.state())).toBe(iperf3.CREATE_STREAMS)
    all.stop()
    expect(await net.settle(client.state())).toBe(iperf3.SERVER_TERMINATE)
    expect(server.sockets.size).toBe(0)
    expect(results).toMatchObject([{ error: 'the server ends' }])
    await ended(all)
  })
})
