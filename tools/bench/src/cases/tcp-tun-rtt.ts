import type { Case, Figure } from '../figure.js'
import { allowedProcessors } from '../machine.js'
import { median, significant } from '../median.js'
import { TCP_DEVICES, VETH } from '../namespace.js'
import type { Peer } from '../peer.js'
import { startTcpPeers } from '../tcp-peers.js'
import type { TcpResult } from '../tcp-task.js'

const PORT = 9200
/** How long one measurement runs, in milliseconds. */
const SPAN = 1500
const AIM = 60_000

async function trips(client: Peer, server: Peer, address: string): Promise<TcpResult> {
  const serving = server.begin({ task: 'echo', at: address, port: PORT })
  await serving.began
  const [result] = await Promise.all([
    client.begin({ task: 'ping', to: address, port: PORT, span: SPAN }).done,
    serving.done,
  ])
  return result
}

async function run(runs: number): Promise<{ figures: Figure[]; notes: string[] }> {
  const processor = allowedProcessors().at(-1) ?? 0
  const peers = await startTcpPeers(processor, processor, ['offload'])
  const { near, far, offload } = peers
  const ours: TcpResult[] = []
  const kernels: TcpResult[] = []
  // The first round is for warming up.
  for (let round = 0; round <= runs; round++) {
    const own = await trips(near, offload, TCP_DEVICES.offload.stack)
    const other = await trips(near, far, VETH.far)
    if (round === 0) continue
    ours.push(own)
    kernels.push(other)
  }
  await peers.stop()
  const middle = (results: readonly TcpResult[], field: 'rate' | 'p50' | 'p99'): number =>
    significant(median(results.map((each) => each[field] ?? 0)))
  const figure = (name: string, field: 'rate' | 'p50' | 'p99', unit: string): Figure => {
    const value = middle(ours, field)
    const other = middle(kernels, field)
    return { name, value, unit, peer: { name: 'kernel over veth', value: other }, ratio: significant(value / other) }
  }
  const rate = figure('64-byte round trips', 'rate', 'per s')
  return {
    figures: [
      { ...rate, aim: { text: `> ${AIM.toLocaleString('en-US')}`, met: rate.value > AIM } },
      figure('time of one, median', 'p50', 'µs'),
      figure('time of one, 99 of 100 below', 'p99', 'µs'),
    ],
    notes: [
      `client (the kernel's blocking calls) and stack or kernel on one processor: ${processor} (taskset); TCP_NODELAY on both ends`,
    ],
  }
}

export const tcpTunRtt: Case = {
  name: 'tcp-tun-rtt',
  title: 'Round trips by TCP over a TUN device, both ends on one processor, beside the kernel over veth',
  oneProcessor: false,
  namespace: true,
  run,
}
