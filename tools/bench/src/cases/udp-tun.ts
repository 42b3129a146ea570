import type { Case, Figure } from '../figure.js'
import { allowedProcessors } from '../machine.js'
import { alternate, significant } from '../median.js'
import { inFarNamespace, makeVeth, onProcessor, TUN, VETH } from '../namespace.js'
import { Peer } from '../peer.js'

const SIZE = 64
const PORT = 9000
/** How long one measurement runs, in milliseconds. */
const SPAN = 700
/** The sender begins before the receiver counts and ends after it. */
const MARGIN = 150

/** Datagrams for each second that arrive. */
async function flow(sender: Peer, receiver: Peer, address: string): Promise<number> {
  const receiving = receiver.begin({ task: 'receive', at: address, port: PORT, milliseconds: SPAN })
  await receiving.began
  const sending = sender.begin({ task: 'send', to: address, port: PORT, size: SIZE, milliseconds: SPAN + MARGIN })
  const [arrived] = await Promise.all([receiving.done, sending.done])
  return arrived
}

async function run(runs: number): Promise<{ figures: Figure[]; notes: string[] }> {
  makeVeth()
  const processors = allowedProcessors()
  const [first = 0] = processors
  const second = processors[1] ?? first
  const size = SIZE
  // One end of each measurement on each processor; the kernel's sender and receiver beside the stack are the same in all.
  const stack = await Peer.start(
    { role: 'stack', device: TUN.name, address: `${TUN.stack}/24`, host: `${TUN.kernel}/24` },
    onProcessor(second),
  )
  const near = await Peer.start({ role: 'kernel', size }, onProcessor(first))
  const far = await Peer.start({ role: 'kernel', size }, [...inFarNamespace(), ...onProcessor(second)])
  const [into = 0, kernelInto = 0, outOf = 0, kernelOutOf = 0] = await alternate(runs, [
    () => flow(near, stack, TUN.stack),
    () => flow(near, far, VETH.far),
    () => flow(stack, near, TUN.kernel),
    () => flow(far, near, VETH.near),
  ])
  for (const peer of [stack, near, far]) await peer.stop()
  const figure = (name: string, value: number, kernel: number): Figure => ({
    name,
    value: significant(value),
    unit: 'per s',
    peer: { name: 'kernel over veth', value: significant(kernel) },
    ratio: significant(value / kernel),
  })
  return {
    figures: [
      figure(`${SIZE}-byte datagrams into the stack`, into, kernelInto),
      figure(`${SIZE}-byte datagrams out of the stack`, outOf, kernelOutOf),
    ],
    notes: [
      `what arrives while the sender sends all it can; sender and receiver each on a processor: ${first} and ${second} (taskset)`,
      'the kernel sends and receives 64 datagrams a call (sendmmsg, recvmmsg), the stack one, over one queue of the device',
    ],
  }
}

export const udpTun: Case = {
  name: 'udp-tun',
  title: 'UDP datagrams over a TUN device against the kernel, beside the kernel over veth',
  oneProcessor: false,
  namespace: true,
  run,
}
