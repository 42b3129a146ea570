import type { IpAddress } from '@jackfield/addr'
import type { Route } from '../network.js'
import type { NetworkInterface } from '../network-interface.js'
import type { FakeNetwork } from './fake-network.js'

/** A route that a test can make invalid. */
export class FakeRoute implements Route {
  valid = true
  confirmations = 0
  readonly source: IpAddress
  readonly interface: NetworkInterface
  readonly nextHop: IpAddress
  readonly cast: number
  readonly local: boolean
  mtu: number
  maxSegment: number

  constructor(network: FakeNetwork, source: IpAddress, destination: IpAddress, networkInterface: NetworkInterface) {
    this.source = source
    this.interface = networkInterface
    this.nextHop = destination.copy()
    this.cast = network.castOf(destination, 0)
    this.local = network.isLocal(destination, 0)
    this.mtu = network.mtu
    this.maxSegment = network.maxSegment
  }

  confirm(): void {
    this.confirmations++
  }
}
