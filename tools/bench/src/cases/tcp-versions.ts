import type { Case, Figure } from '../figure.js'
import { alternate, significant } from '../median.js'
import { BulkFlow, createTcpPair } from '../tcp-pair.js'
import { throughput } from './tcp-in-process.js'

const PORT = 9000
/** What IPv6 may be slower by. */
const LEAST = 0.95

async function run(runs: number): Promise<{ figures: Figure[]; notes: string[] }> {
  const pairs = [false, true].flatMap((offload) =>
    ([4, 6] as const).map((version) => createTcpPair({ offload, version })),
  )
  const flows = pairs.map((pair) => new BulkFlow(pair, PORT))
  const [plain4 = 0, plain6 = 0, whole4 = 0, whole6 = 0] = await alternate(
    runs,
    flows.map((flow) => () => throughput(flow)),
  )
  for (const { left, right } of pairs) {
    await left.close()
    await right.close()
  }
  const figure = (name: string, value: number, peer: number): Figure => ({
    name,
    value: significant(value),
    unit: 'Gbit/s',
    peer: { name: 'by IPv4', value: significant(peer) },
    ratio: significant(value / peer),
    aim: { text: `> ${LEAST} times`, met: value > LEAST * peer },
  })
  return {
    figures: [
      figure('bulk by IPv6, MTU 1500, every checksum computed and verified', plain6, plain4),
      figure('bulk by IPv6 with segmentation offload', whole6, whole4),
    ],
    notes: ['two stacks in one process, as in tcp-in-process; segments by IPv6 carry 20 bytes less'],
  }
}

export const tcpVersions: Case = {
  name: 'tcp-versions',
  title: 'TCP by IPv6 beside IPv4',
  oneProcessor: true,
  namespace: false,
  run,
}
