import { SocketAddress } from '@jackfield/addr'
import {
  AF_INET,
  type ControlMessage,
  IP_PKTINFO,
  type PacketInfo,
  POLLIN,
  type ReceiveMessage,
  SOCK_DGRAM,
  SOL_IP,
  SocketError,
  type Sockets,
} from '@jackfield/sockets'

/** Ports below this are other services': two of them must not be set at each other by a forged source. */
const LOWEST_CLIENT_PORT = 20

/** Datagrams answered before others get their turn. */
const BURST = 256

/** Answers every datagram to a port from the address that it was sent to. Returns what ends it. */
export function serveDatagrams(
  sockets: Sockets,
  protocol: number,
  port: number,
  answer: (request: Uint8Array) => Uint8Array | null,
): () => void {
  const fd = sockets.socket(AF_INET, SOCK_DGRAM, protocol)
  try {
    sockets.setsockopt(fd, SOL_IP, IP_PKTINFO, 1)
    sockets.bind(fd, { address: '0.0.0.0', port })
  } catch (error) {
    sockets.close(fd)
    throw error
  }
  const buffer = new Uint8Array(65_535)
  const peer = new SocketAddress()
  const received: ControlMessage[] = []
  const request: ReceiveMessage = { iov: buffer, name: peer, control: received }
  const watched = [{ fd, events: POLLIN, revents: 0 }]
  const stop = new AbortController()

  function answerOne(): void {
    const length = sockets.recvmsg(fd, request)
    if (peer.port < LOWEST_CLIENT_PORT) return
    const reply = answer(buffer.subarray(0, length))
    if (reply === null) return
    const info = received.find(({ level, type }) => level === SOL_IP && type === IP_PKTINFO)
    const control = info === undefined ? [] : [{ level: SOL_IP, type: IP_PKTINFO, data: from(info.data as PacketInfo) }]
    sockets.sendmsg(fd, { iov: reply, name: peer, control })
  }

  function answerBurst(): void {
    for (let i = 0; i < BURST && sockets.poll(watched) > 0; i++) {
      try {
        answerOne()
      } catch (error) {
        // An error of the network (a peer that is gone, a full queue) ends this answer, not the service.
        if (!(error instanceof SocketError)) throw error
      }
    }
  }

  const readiness = sockets.epoll()
  readiness.add(fd, POLLIN)
  void (async () => {
    while (!stop.signal.aborted) {
      const events = await readiness.wait({ signal: stop.signal })
      if (events.length > 0) answerBurst()
    }
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error
  })

  return () => {
    if (stop.signal.aborted) return
    stop.abort()
    readiness.close()
    sockets.close(fd)
  }
}

/** The reply's source: where the request was sent to, or for a group or broadcast the address that took it. */
function from(info: PacketInfo): PacketInfo {
  const address = info.specific ?? info.address
  return { interfaceIndex: 0, address, specific: address }
}
