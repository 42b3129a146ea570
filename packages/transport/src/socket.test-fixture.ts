import { AF_INET, IPPROTO_UDP, SOCK_DGRAM } from '@jackfield/interfaces'
import { createFakeHost, createFakeNetwork, type FakeHost, type FakeNetwork } from '@jackfield/interfaces/compliance'
import { createFlow } from './flow.js'
import { IpSocketOptions } from './ip-socket-options.js'
import { PortEntry } from './port-entry.js'
import { Readiness } from './readiness.js'
import { ReceiveQueue } from './receive-queue.js'
import { SendAccount } from './send-account.js'

/** A host with one network layer, 10.0.0.1/24 by the interface `fake1`. */
export function testHost(addresses: readonly string[] = ['10.0.0.1/24']): { host: FakeHost; network: FakeNetwork } {
  const network = createFakeNetwork({ addresses })
  return { host: createFakeHost([network]), network }
}

/** The least that a socket is: its entry in a port table, its options and queues. */
export class TestSocket extends PortEntry {
  readonly type: number
  readonly protocol: number = IPPROTO_UDP
  readonly options: IpSocketOptions
  readonly queue: ReceiveQueue
  readonly account: SendAccount
  readonly wake: Readiness
  bits = 0

  constructor(host: FakeHost, family: number = AF_INET, type: number = SOCK_DGRAM) {
    super(family)
    this.type = type
    this.wake = new Readiness(host, this)
    this.queue = new ReceiveQueue(host.packets, 212_992, null)
    this.account = new SendAccount(212_992, this.wake)
    this.options = new IpSocketOptions(host, this, createFlow(this.protocol), this.queue, this.account, this.wake)
  }

  readiness(): number {
    return this.bits
  }
}
