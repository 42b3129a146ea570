import { SocketAddress } from '@jackfield/addr'
import { createSystemClock } from '@jackfield/clock'
import { AF_INET, createCable, createHost, type Host, SOCK_DGRAM } from 'jackfield'

/** Two stacks in this process with a cable between them, and a socket on each. */
export interface StackPair {
  /** Sends datagrams from one to the other and receives them into one buffer: the checked loop of the benchmarks. */
  exchange(count: number): void
  close(): Promise<void>
}

/** @param size payload bytes of each datagram; `burst`: how many are sent before they are received */
export function createStackPair(size: number, burst: number): StackPair {
  const clock = createSystemClock()
  const cable = createCable({ clock, medium: 'ip' })
  const host = (name: string, device: typeof cable.a, address: string): Host =>
    createHost({ name, clock, interfaces: [{ device, addresses: [address] }] })
  const left = host('left', cable.a, '10.0.0.1/24')
  const right = host('right', cable.b, '10.0.0.2/24')
  const sender = left.sockets.socket(AF_INET, SOCK_DGRAM)
  const receiver = right.sockets.socket(AF_INET, SOCK_DGRAM)
  right.sockets.bind(receiver, '10.0.0.2:9000')
  const target = SocketAddress.parse('10.0.0.2:9000')
  const from = new SocketAddress()
  const payload = new Uint8Array(size).fill(0x5a)
  const buffer = new Uint8Array(2048)
  const { sockets: sending } = left
  const { sockets: receiving } = right
  return {
    exchange(count) {
      for (let done = 0; done < count; done += burst) {
        for (let i = 0; i < burst; i++) sending.sendto(sender, payload, 0, target)
        for (let i = 0; i < burst; i++) {
          if (receiving.recvfrom(receiver, buffer, 0, from) !== size) throw new Error('a datagram changed its length')
        }
      }
    },
    async close() {
      await left.close()
      await right.close()
    },
  }
}
