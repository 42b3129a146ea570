import { IpAddress, type IpAddressSlot, setSlot } from '@jackfield/addr'
import { AF_INET, type NetworkFlow } from '@jackfield/interfaces'
import { createFakeHost, createFakeNetwork, type FakeHost, type FakeNetwork } from '@jackfield/interfaces/compliance'
import { type Packet, setPacketChecks } from '@jackfield/packet'
import { createFlow } from '@jackfield/transport'
import type { TimerActions } from './actions.js'
import type { Connection } from './connection.js'
import { ConnectionState } from './connection-state.js'
import { createTcpCounters, type TcpCounters } from './counters.js'
import { QueuePool } from './queue-pool.js'
import { SendBlocks, SendBuffer } from './send/send-buffer.js'
import { SendQueue } from './send/send-queue.js'
import { TcpSettings } from './settings.js'
import { TimerPool } from './timer-pool.js'
import { timerActions } from './timers/dispatch.js'

setPacketChecks(true)

/** What all connections of a host share, as far as half of a connection needs it. */
export interface SharedParts {
  readonly actions: TimerActions
  readonly timers: TimerPool
  readonly host: FakeHost
  readonly settings: TcpSettings
  readonly counters: TcpCounters
  memory: number
  pressed: boolean
  now: number
  clockNow: number
  refreshTime(): void
  sendPacket(c: Connection, packet: Packet): number
  blocked(): void
}

/** Half of a connection from 10.0.0.1 to 10.0.0.2: a host with a network layer that keeps what is sent, ten seconds after it began. */
export class HalfConnection {
  readonly network: FakeNetwork = createFakeNetwork()
  readonly host: FakeHost = createFakeHost([this.network])
  readonly settings: TcpSettings = new TcpSettings()
  readonly counters: TcpCounters = createTcpCounters()
  /** Its `memory`: bytes that all connections pin. */
  readonly tcp: SharedParts
  protected readonly flow: NetworkFlow = createFlow(6)

  constructor(settings: Partial<TcpSettings> = {}) {
    Object.assign(this.settings, settings)
    this.host.clock.advance(10_000_000)
    const { host, network, counters } = this
    const tcp: SharedParts = {
      actions: timerActions,
      timers: new TimerPool(host.clock),
      host,
      settings: this.settings,
      counters,
      memory: 0,
      pressed: false,
      now: 0,
      clockNow: 0,
      refreshTime() {
        tcp.clockNow = host.clock.now()
        tcp.now = tcp.clockNow | 0
      },
      sendPacket: (c, packet) => network.send(packet, c.flow),
      blocked() {},
    }
    this.tcp = Object.assign(tcp, { queues: new QueuePool(host.packets, tcp, new SendBlocks()) })
    setSlot(this.flow.destination as IpAddressSlot, IpAddress.parse('10.0.0.2'))
    setSlot(this.flow.source as IpAddressSlot, IpAddress.parse('10.0.0.1'))
    tcp.refreshTime()
  }

  /** Lets time pass, and timers expire. */
  wait(milliseconds: number): void {
    this.host.clock.advance(milliseconds * 1000)
    this.tcp.refreshTime()
  }

  /** A connection of these parts and of those that its half needs, and no others. */
  protected connectionOf(parts: object): Connection {
    const { tcp, flow, network } = this
    return Object.assign(
      new ConnectionState(AF_INET),
      {
        tcp,
        flow,
        network,
        sendQueue: new SendQueue(),
        sendBuffer: new SendBuffer(new SendBlocks()),
        retransmitTimer: null,
        ackTimer: null,
      },
      parts,
    ) as unknown as Connection
  }
}
