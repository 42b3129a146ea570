import type { Case, Figure } from '../figure.js'
import { KernelUdp, kernelUdpAvailable } from '../kernel-udp.js'
import { alternate, rate, significant } from '../median.js'
import { createStackPair } from '../stack-pair.js'

const SIZE = 64
/** Sent before they are received, as many as the kernel's calls take. */
const BURST = 64
const BATCH = 64 * 256
/** How long one measurement runs, in milliseconds. */
const SPAN = 500
const AIM = 1_000_000

async function run(runs: number): Promise<{ figures: Figure[]; notes: string[] }> {
  const pair = createStackPair(SIZE, BURST)
  const measures = [(): number => rate(() => pair.exchange(BATCH), BATCH, SPAN)]
  const kernel = kernelUdpAvailable() ? new KernelUdp(SIZE) : null
  if (kernel !== null) {
    kernel.bind('127.0.0.1', 0xb3c4)
    kernel.connect('127.0.0.1', 0xb3c4)
    measures.push(() => rate(() => toItself(kernel), BURST, SPAN))
  }
  const [value = 0, other] = await alternate(runs, measures)
  kernel?.close()
  await pair.close()
  const figure: Figure = {
    name: `${SIZE}-byte datagrams, sendto to recvfrom`,
    value: significant(value),
    unit: 'per s',
    ...(other === undefined
      ? {}
      : { peer: { name: 'kernel on lo', value: significant(other) }, ratio: significant(value / other) }),
    aim: { text: '> 1,000,000', met: value > AIM },
  }
  return {
    figures: [figure],
    notes: [
      'two stacks, a cable, bursts of 64; each datagram by one sendto (checksummed, as the cable offloads nothing) and one recvfrom',
      'the kernel: one socket to itself over the loopback, 64 datagrams a call (sendmmsg, recvmmsg), which checksums nothing',
    ],
  }
}

function toItself(socket: KernelUdp): void {
  if (socket.send(BURST) !== BURST) throw new Error('the kernel took fewer datagrams')
  for (let got = 0; got < BURST; ) {
    const count = socket.receive(BURST - got)
    if (count <= 0) throw new Error('the kernel lost datagrams on its loopback')
    got += count
  }
}

export const udpInProcess: Case = {
  name: 'udp-in-process',
  title: 'UDP datagrams between two stacks in one process, on one processor',
  oneProcessor: true,
  namespace: false,
  run,
}
