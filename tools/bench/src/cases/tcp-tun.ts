import type { Case, Figure } from '../figure.js'
import { allowedProcessors } from '../machine.js'
import { alternate, significant } from '../median.js'
import { command, TCP_DEVICES, VETH } from '../namespace.js'
import type { Peer } from '../peer.js'
import { startTcpPeers, type TcpPeers } from '../tcp-peers.js'

const PORT = 9100
/** How long a transfer is, in milliseconds; its first part is not counted. */
const SPAN = 1600

/** Gbit/s that arrive. */
export async function transfer(source: Peer, sink: Peer, address: string): Promise<number> {
  const sinking = sink.begin({ task: 'sink', at: address, port: PORT })
  await sinking.began
  const sourcing = source.begin({ task: 'source', to: address, port: PORT, span: SPAN })
  await sourcing.began
  const [{ rate }] = await Promise.all([sinking.done, sourcing.done])
  return rate
}

async function setVethOffloads(peers: TcpPeers, on: boolean): Promise<void> {
  await peers.near.begin({ task: 'offloads', device: 'near0', on }).done
  await peers.far.begin({ task: 'offloads', device: 'far0', on }).done
}

/** The congestion control of the kernel's connections on a transfer's port, as `ss -ti` shows it. */
function congestionControls(): string[] {
  const shown = command('ss', '-tiH', `( sport = :${PORT} or dport = :${PORT} )`)
  return [...new Set([...shown.matchAll(/\b(cubic|bbr2?|reno|dctcp)\b/g)].map((match) => match[1] as string))]
}

async function run(runs: number): Promise<{ figures: Figure[]; notes: string[] }> {
  const [first = 0, second = first] = allowedProcessors()
  const { offload, plain, bare } = TCP_DEVICES
  const peers = await startTcpPeers(first, second, ['offload', 'plain', 'bare'])
  const { near, far } = peers
  const seen = new Set<string>()
  const watched = async (source: Peer, sink: Peer, address: string): Promise<number> => {
    const done = transfer(source, sink, address)
    setTimeout(() => {
      for (const name of congestionControls()) seen.add(name)
    }, SPAN / 2)
    return await done
  }
  const overVeth = async (source: Peer, sink: Peer, address: string, on: boolean): Promise<number> => {
    await setVethOffloads(peers, on)
    return await transfer(source, sink, address)
  }
  const [
    into = 0,
    bareInto = 0,
    vethInto = 0,
    outOf = 0,
    bareOut = 0,
    vethOut = 0,
    plainIn = 0,
    offIn = 0,
    plainOut = 0,
    offOut = 0,
  ] = await alternate(runs, [
    () => watched(near, peers.offload, offload.stack),
    () => transfer(near, peers.bare, bare.stack),
    () => overVeth(near, far, VETH.far, true),
    () => watched(peers.offload, near, offload.kernel),
    () => transfer(peers.bare, near, bare.kernel),
    () => overVeth(far, near, VETH.near, true),
    () => transfer(near, peers.plain, plain.stack),
    () => overVeth(near, far, VETH.far, false),
    () => transfer(peers.plain, near, plain.kernel),
    () => overVeth(far, near, VETH.near, false),
  ])
  await peers.stop()
  const figure = (name: string, value: number, peer: string, other: number, aim?: [string, boolean]): Figure => ({
    name,
    value: significant(value),
    unit: 'Gbit/s',
    peer: { name: peer, value: significant(other) },
    ratio: significant(value / other),
    ...(aim === undefined ? {} : { aim: { text: aim[0], met: aim[1] } }),
  })
  const veth = 'kernel over veth'
  return {
    figures: [
      figure('into the stack', into, veth, vethInto, ['half of the kernel', into >= vethInto / 2]),
      figure('into the stack, of what a bare sink takes', into, 'bare sink', bareInto),
      figure('out of the stack', outOf, veth, vethOut, ['half of the kernel', outOf >= vethOut / 2]),
      figure('out of the stack, of what a bare source gives', outOf, 'bare source', bareOut),
      figure('into the stack, offloads off', plainIn, veth, offIn, ['> 8', plainIn > 8]),
      figure('out of the stack, offloads off', plainOut, veth, offOut, ['> 4.3', plainOut > 4.3]),
    ],
    notes: [
      `one flow, MTU 1500, each end on a processor: ${first} and ${second} (taskset); the kernel's connections use ${[...seen].join(', ')} (ss -ti)`,
      'the kernel sends and receives 256 KB a call; offloads off: the device takes and gives packets of 1500 bytes with complete checksums,',
      'over veth the kernel segments and sums in software (both ends: tx, sg, tso, gso and gro off)',
    ],
  }
}

export const tcpTun: Case = {
  name: 'tcp-tun',
  title: 'Bulk TCP over a TUN device against the kernel, beside the kernel over veth and a bare program on TUN',
  oneProcessor: false,
  namespace: true,
  run,
}
