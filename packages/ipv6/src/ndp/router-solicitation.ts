import type { Timer } from '@jackfield/clock'
import type { NetworkInterface } from '@jackfield/interfaces'
import type { NdpContext } from './context.js'
import type { NdpTransmitter } from './transmitter.js'

/** Asks for routers on one interface until one answers, ever more seldom (RFC 4861 6.3.7, RFC 7559). */
export class RouterSolicitation {
  private readonly context: NdpContext
  private readonly transmitter: NdpTransmitter
  private readonly networkInterface: NetworkInterface
  private readonly timer: Timer
  private sent = 0
  /** Seconds until the next. */
  private interval = 0

  constructor(context: NdpContext, transmitter: NdpTransmitter, networkInterface: NetworkInterface) {
    this.context = context
    this.transmitter = transmitter
    this.networkInterface = networkInterface
    this.timer = context.clock.createTimer(() => this.solicit(), { background: true })
  }

  /** Begins at once: the delay that keeps hosts apart was had before the link-local address was probed. */
  start(): void {
    this.stop()
    if (!listensToRouters(this.context, this.networkInterface.index)) return
    this.sent = 0
    this.timer.setAfter(0)
  }

  stop(): void {
    this.timer.cancel()
  }

  private solicit(): void {
    const { configurations, addresses, random } = this.context
    const { index } = this.networkInterface
    const configuration = configurations.of(index)
    const most = configuration.router_solicitations
    if (most >= 0 && this.sent >= most) return
    if (!listensToRouters(this.context, index)) return
    const first = configuration.router_solicitation_interval
    // RFC 7559 2, with the jitter of RFC 8415 15: a tenth to either side.
    const jitter = 0.9 + 0.2 * random.fraction()
    this.interval = this.sent === 0 ? first * jitter : this.interval * (1 + jitter)
    const longest = configuration.router_solicitation_max_interval
    if (this.interval > longest) this.interval = longest * jitter
    this.sent++
    this.transmitter.routerSolicit(this.networkInterface, addresses.linkLocal(index))
    this.timer.setAfter(this.interval * 1e6)
  }
}

/** Whether a host listens to routers: a router does not, unless `accept_ra` is 2. */
export function listensToRouters(context: NdpContext, interfaceIndex: number): boolean {
  const { accept_ra } = context.configurations.of(interfaceIndex)
  return context.layer.of(interfaceIndex).forwarding === 1 ? accept_ra === 2 : accept_ra > 0
}
