/** Captures, as tshark reads them. */
import { run } from './kernel.test-support.js'

/** All checksums of these protocols are checked. */
const CHECKED = ['ip', 'udp', 'tcp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`])
/** Status 0 is "Bad" to Wireshark; what is wrong with a packet is an "expert" error. */
const FAULTY = [
  '_ws.malformed',
  '_ws.expert.severity == error',
  ...['ip', 'udp', 'tcp', 'icmp', 'igmp', 'icmpv6'].map((protocol) => `${protocol}.checksum.status == 0`),
].join(' || ')

/** One line for each packet of a capture that tshark finds fault with. */
export function faults(file: string): Promise<string> {
  return run('tshark', '-n', '-r', file, ...CHECKED, '-Y', FAULTY)
}

/** Fields of the packets that a display filter lets pass, one line each. */
export async function fields(file: string, filter: string, ...names: string[]): Promise<string[]> {
  const printed = await run(
    ...(['tshark', '-n', '-r', file, '-Y', filter, '-T', 'fields'] as const),
    ...names.flatMap((name) => ['-e', name]),
  )
  return printed.split('\n').filter((line) => line !== '')
}
