import type { Case, Figure } from '../figure.js'
import { allowedProcessors } from '../machine.js'
import { alternate, significant } from '../median.js'
import { TCP_DEVICES, VETH } from '../namespace.js'
import type { Peer } from '../peer.js'
import { startTcpPeers } from '../tcp-peers.js'

const PORT = 9300
/** How long one measurement runs, in milliseconds. */
const SPAN = 1500
const AIM = 25_000

async function connections(client: Peer, server: Peer, address: string): Promise<number> {
  const serving = server.begin({ task: 'accept', at: address, port: PORT })
  await serving.began
  const { rate } = await client.begin({ task: 'connect', to: address, port: PORT, span: SPAN }).done
  await serving.done
  return rate
}

async function run(runs: number): Promise<{ figures: Figure[]; notes: string[] }> {
  const processor = allowedProcessors().at(-1) ?? 0
  const peers = await startTcpPeers(processor, processor, ['offload'])
  const [ours = 0, kernel = 0] = await alternate(runs, [
    () => connections(peers.near, peers.offload, TCP_DEVICES.offload.stack),
    () => connections(peers.near, peers.far, VETH.far),
  ])
  await peers.stop()
  const figure: Figure = {
    name: 'connections opened and closed',
    value: significant(ours),
    unit: 'per s',
    peer: { name: 'kernel over veth', value: significant(kernel) },
    ratio: significant(ours / kernel),
    aim: { text: `> ${AIM.toLocaleString('en-US')}`, met: ours > AIM },
  }
  return {
    figures: [figure],
    notes: [
      `client (the kernel's blocking calls) and stack or kernel on one processor: ${processor} (taskset)`,
      'one after the other: connect, the server accepts and closes, the client reads the end and closes; TIME-WAIT stays with the server',
    ],
  }
}

export const tcpTunConnect: Case = {
  name: 'tcp-tun-connect',
  title:
    'TCP connections opened and closed over a TUN device, client and stack on one processor, beside the kernel over veth',
  oneProcessor: false,
  namespace: true,
  run,
}
