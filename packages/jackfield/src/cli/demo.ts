import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SocketAddress } from '@jackfield/addr'
import { createNetwork, type Network, type SimHost } from '@jackfield/sim'
import { AF_INET, SOCK_DGRAM, SocketError } from '@jackfield/sockets'
import { Command } from 'commander'
import { outputColors as colors } from './colors.js'
import { showStream } from './demo-stream.js'
import { socketTable } from './socket-table.js'

/** What `jackfield demo` was told. */
interface DemoOptions {
  seed: string
  loss: number
  pcap?: string
}

/** `jackfield demo`: a small network in memory, in virtual time. */
export function demoCommand(): Command {
  return new Command('demo')
    .summary('two hosts and a router in memory')
    .description('Builds two hosts and a router in memory and shows what they can do, in virtual time.')
    .option('--seed <seed>', 'chooses all chance: the same seed gives the same run', '1')
    .option('--loss <fraction>', 'part of the packets that the far cable loses, 0 to 1', Number, 0.1)
    .option('--pcap <file>', 'where the capture goes; default: a new folder for temporary files')
    .action(async (options: DemoOptions) => {
      await demo(options, (text) => process.stdout.write(`${text}\n`))
    })
}

async function demo(options: DemoOptions, print: (text: string) => void): Promise<void> {
  const net = createNetwork({ seed: options.seed, capture: true })
  const near = net.host('near')
  const router = net.router('router')
  const far = net.host('far')
  net.cable(near, router, { delay: '1ms' })
  const cable = net.cable(router, far, { delay: '10ms', loss: options.loss })

  print(title(net, 'The network'))
  print(
    `near ${near.address}, ${near.address6} -- 1 ms -- router -- 10 ms, ${options.loss * 100} % loss -- far ${far.address}, ${far.address6}`,
  )

  await showPing(net, near, far, print)
  const sender = await showDatagrams(net, near, far, print)
  await showFragments(net, near, far, print)
  print(title(net, 'TCP over the same path'))
  await showStream(net, near, far, print)

  print(title(net, 'Sockets that are open'))
  print(`near\n${socketTable(near.sockets)}\nfar\n${socketTable(far.sockets)}`)
  near.sockets.close(sender)

  const { lost } = cable.cable.statistics.aToB
  print(title(net, 'What was counted'))
  print(`lost by the far cable on its way out: ${lost} packets`)
  print(`forwarded by the router: ${router.stack.counters()['IpForwDatagrams'] ?? 0} packets`)

  const file = options.pcap ?? join(mkdtempSync(join(tmpdir(), 'jackfield-')), 'demo.pcapng')
  const bytes = net.pcap()
  writeFileSync(file, bytes)
  print(title(net, 'The capture'))
  print(`${bytes.length} bytes in ${file} (look at it with: tshark -r ${file})`)
  await net.close()
}

function title(net: Network, text: string): string {
  return `\n${colors.bold(text)} ${colors.dim(`at ${(net.now / 1e6).toFixed(3)} s of virtual time`)}`
}

async function showPing(net: Network, near: SimHost, far: SimHost, print: (text: string) => void): Promise<void> {
  for (const version of [4, 6] as const) {
    const { sent, received, times } = await net.settle(near.ping(far, { count: 5, interval: '200ms', version }))
    const trips = times.map((time) => (time / 1000).toFixed(1)).join(', ')
    print(title(net, `Ping ${near.name} to ${far.name} by IPv${version}`))
    print(`${sent} sent, ${received} answered; round trips ${trips} ms`)
  }
}

/** Many datagrams over the path that loses some. Returns the sender's descriptor, left open. */
async function showDatagrams(
  net: Network,
  near: SimHost,
  far: SimHost,
  print: (text: string) => void,
): Promise<number> {
  const count = 200
  const server = far.sockets.socket(AF_INET, SOCK_DGRAM)
  far.sockets.bind(server, `${far.address}:5000`)
  const client = near.sockets.socket(AF_INET, SOCK_DGRAM)
  near.sockets.connect(client, `${far.address}:5000`)
  for (let i = 0; i < count; i++) {
    near.sockets.send(client, `datagram ${i}`)
    net.advance('1ms')
  }
  net.advance('1s')
  const received = drain(far, server)
  print(title(net, 'UDP over a path that loses'))
  print(`${count} datagrams sent, ${received.length} received, each whole and once`)
  return client
}

async function showFragments(net: Network, near: SimHost, far: SimHost, print: (text: string) => void): Promise<void> {
  const server = far.sockets.socket(AF_INET, SOCK_DGRAM)
  far.sockets.bind(server, `${far.address}:5001`)
  const client = near.sockets.socket(AF_INET, SOCK_DGRAM)
  const message = new Uint8Array(4000).fill(0x6a)
  let attempts = 0
  let received: number[] = []
  while (received.length === 0 && attempts < 50) {
    attempts++
    near.sockets.sendto(client, message, 0, `${far.address}:5001`)
    net.advance('100ms')
    received = drain(far, server)
  }
  near.sockets.close(client)
  far.sockets.close(server)
  print(title(net, 'A datagram larger than a frame'))
  print(`${message.length} bytes in 3 fragments: ${received[0] ?? 0} received whole at attempt ${attempts}`)
}

/** Lengths of all that waits at a socket. */
function drain(host: SimHost, fd: number): number[] {
  const buffer = new Uint8Array(65_535)
  const from = new SocketAddress()
  const lengths: number[] = []
  for (;;) {
    try {
      lengths.push(host.sockets.recvfrom(fd, buffer, 0, from))
    } catch (error) {
      if (error instanceof SocketError && error.code === 'EAGAIN') return lengths
      throw error
    }
  }
}
