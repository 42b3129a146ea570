import { addresses } from './cases/addr.js'
import { allocation } from './cases/allocation.js'
import { checksums } from './cases/checksum.js'
import { icmpTun } from './cases/icmp-tun.js'
import { parsing } from './cases/parse.js'
import { tcpInProcess } from './cases/tcp-in-process.js'
import { tcpLoss } from './cases/tcp-loss.js'
import { tcpMany } from './cases/tcp-many.js'
import { tcpTun } from './cases/tcp-tun.js'
import { tcpTunConnect } from './cases/tcp-tun-connect.js'
import { tcpTunRtt } from './cases/tcp-tun-rtt.js'
import { tcpTunVersions } from './cases/tcp-tun-versions.js'
import { tcpVersions } from './cases/tcp-versions.js'
import { udpInProcess } from './cases/udp-in-process.js'
import { udpTun } from './cases/udp-tun.js'
import type { Case } from './figure.js'

/** In the order in which they run. */
export const CASES: readonly Case[] = [
  tcpInProcess,
  tcpVersions,
  tcpTun,
  tcpTunVersions,
  tcpTunRtt,
  tcpTunConnect,
  tcpMany,
  tcpLoss,
  udpInProcess,
  udpTun,
  icmpTun,
  checksums,
  parsing,
  addresses,
  allocation,
]
