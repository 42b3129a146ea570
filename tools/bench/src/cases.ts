import { addresses } from './cases/addr.js'
import { allocation } from './cases/allocation.js'
import { checksums } from './cases/checksum.js'
import { icmpTun } from './cases/icmp-tun.js'
import { parsing } from './cases/parse.js'
import { tcpTun } from './cases/tcp-tun.js'
import { udpInProcess } from './cases/udp-in-process.js'
import { udpTun } from './cases/udp-tun.js'
import type { Case } from './figure.js'

/** In the order in which they run. */
export const CASES: readonly Case[] = [tcpTun, udpInProcess, udpTun, icmpTun, checksums, parsing, addresses, allocation]
