import type { Case, Figure } from '../figure.js'
import { significant } from '../median.js'
import { lossyThroughput } from '../tcp-lossy.js'

const LOSSES = [0.001, 0.01, 0.05]

async function run(): Promise<{ figures: Figure[]; notes: string[] }> {
  const figures: Figure[] = []
  for (const loss of LOSSES) {
    const cubic = lossyThroughput('cubic', loss)
    const bbr = lossyThroughput('bbr', loss)
    figures.push({
      name: `${loss * 100} % of packets lost, BBR`,
      value: significant(bbr),
      unit: 'Mbit/s',
      peer: { name: 'CUBIC', value: significant(cubic) },
      ratio: significant(bbr / cubic),
    })
  }
  return {
    figures,
    notes: [
      'virtual time, so the same on every machine: 20 ms each way, 1 Gbit/s, a queue of 1000 packets; loss in the direction of the data',
      'ten seconds of one flow after two to begin; one run of one seed each, as the results repeat themselves',
    ],
  }
}

export const tcpLoss: Case = {
  name: 'tcp-loss',
  title: 'TCP throughput with loss and 20 ms of delay, in virtual time',
  oneProcessor: true,
  namespace: false,
  run,
}
