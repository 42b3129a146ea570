import { createSeededRandom, createVirtualClock } from '@jackfield/clock'
import { AF_INET, createCable, createHost, POLLIN, POLLOUT, SOCK_STREAM, SocketError } from 'jackfield'

const IPPROTO_TCP = 6
const TCP_CONGESTION = 13
const DELAY = 20_000
/** Bits per second. */
const RATE = 1e9
const BEGINNING = 2_000_000
const LENGTH = 10_000_000
/** The program looks at its sockets this often, in microseconds. */
const STEP = 1000

/** Mbit/s of one flow over a path of 1 Gbit/s that loses packets. @param loss the share that is lost, 0 to 1 */
export function lossyThroughput(control: string, loss: number): number {
  const random = createSeededRandom(1)
  const clock = createVirtualClock()
  const cable = createCable({
    clock,
    random,
    medium: 'ip',
    aToB: { delay: DELAY, loss, rate: RATE, queuePackets: 1000 },
    bToA: { delay: DELAY },
  })
  const left = createHost({ clock, random, interfaces: [{ device: cable.a, addresses: ['10.0.0.1/24'] }] })
  const right = createHost({ clock, random, interfaces: [{ device: cable.b, addresses: ['10.0.0.2/24'] }] })
  const listener = right.sockets.socket(AF_INET, SOCK_STREAM)
  right.sockets.bind(listener, '10.0.0.2:9000')
  right.sockets.listen(listener)
  const from = left.sockets.socket(AF_INET, SOCK_STREAM)
  left.sockets.setsockopt(from, IPPROTO_TCP, TCP_CONGESTION, control)
  try {
    left.sockets.connect(from, '10.0.0.2:9000')
  } catch (error) {
    if (!(error instanceof SocketError) || error.code !== 'EINPROGRESS') throw error
  }
  // The handshake, with time for a SYN that is lost.
  clock.advance(1_500_000)
  const to = right.sockets.accept(listener)
  const writable = [{ fd: from, events: POLLOUT, revents: 0 }]
  const readable = [{ fd: to, events: POLLIN, revents: 0 }]
  const bytes = new Uint8Array(65_536)
  const buffer = new Uint8Array(1 << 20)
  const begin = clock.now()
  let moved = 0
  for (let time = 0; time < BEGINNING + LENGTH; time = clock.now() - begin) {
    for (let i = 0; i < 64 && left.sockets.poll(writable) > 0; i++) left.sockets.send(from, bytes)
    while (right.sockets.poll(readable) > 0) {
      const length = right.sockets.recv(to, buffer)
      if (time >= BEGINNING) moved += length
    }
    clock.advance(STEP)
  }
  return (moved * 8) / LENGTH
}
