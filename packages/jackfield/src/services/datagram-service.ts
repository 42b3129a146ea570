import { SocketAddress } from '@jackfield/addr'
import {
  AF_INET6,
  type ControlMessage,
  IP_PKTINFO,
  IPV6_PKTINFO,
  IPV6_RECVPKTINFO,
  IPV6_V6ONLY,
  type PacketInfo,
  POLLIN,
  type ReceiveMessage,
  SOCK_DGRAM,
  SOL_IP,
  SOL_IPV6,
  SocketError,
  type Sockets,
} from '@jackfield/sockets'

/** Ports below this are other services': two of them must not be set at each other by a forged source. */
const LOWEST_CLIENT_PORT = 20

/** Datagrams answered before others get their turn. */
const BURST = 256

/** Answers every datagram to a port, of both IP versions, from the address that it was sent to. Returns what ends it. */
export function serveDatagrams(
  sockets: Sockets,
  protocol: number,
  port: number,
  answer: (request: Uint8Array) => Uint8Array | null,
): () => void {
  const fd = sockets.socket(AF_INET6, SOCK_DGRAM, protocol)
  try {
    sockets.setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, 0)
    sockets.setsockopt(fd, SOL_IP, IP_PKTINFO, 1)
    sockets.setsockopt(fd, SOL_IPV6, IPV6_RECVPKTINFO, 1)
    sockets.bind(fd, { address: '::', port })
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
    sockets.sendmsg(fd, { iov: reply, name: peer, control: sourceOf(received) })
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
function sourceOf(received: readonly ControlMessage[]): ControlMessage[] {
  const info =
    received.find(({ level, type }) => level === SOL_IP && type === IP_PKTINFO) ??
    received.find(({ level, type }) => level === SOL_IPV6 && type === IPV6_PKTINFO)
  if (info === undefined) return []
  const { address: to, specific } = info.data as PacketInfo
  const address = specific ?? to
  return [{ level: info.level, type: info.type, data: { interfaceIndex: 0, address, specific: address } }]
}
