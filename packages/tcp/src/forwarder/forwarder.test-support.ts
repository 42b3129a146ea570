import type { ControlMessages, Forwarder, ForwardRequest } from '@jackfield/interfaces'
import { expect } from 'vitest'
import type { Connection } from '../connection.js'
import { letters, Peer, type PeerSegment, synOptions } from '../listener/peer.test-support.js'

/** A host with a forwarder, and what came of it. */
export interface Setup {
  peer: Peer
  requests: ForwardRequest[]
  errors: unknown[]
  refusals: { kind: number; quoted: Uint8Array }[]
}

/** A host whose forwarder is asked about everything; `decide` is its handler. */
export function setup(
  decide: (request: ForwardRequest) => void,
  limits: Partial<Forwarder> = {},
  version: 4 | 6 = 4,
): Setup {
  const peer = new Peer({}, version)
  const made: Setup = { peer, requests: [], errors: [], refusals: [] }
  const control: ControlMessages = {
    sendError: (_network, packet, _header, kind) => {
      made.refusals.push({ kind, quoted: packet.bytes.slice(packet.networkHeader, packet.end) })
      return true
    },
  }
  peer.host.setControl(control)
  peer.tcp.setForwarder({
    handler: (request) => {
      made.requests.push(request)
      decide(request)
    },
    onError: (error) => made.errors.push(error),
    ...limits,
  })
  return made
}

/** A SYN as Linux sends it. */
export const SYN: PeerSegment = { flags: 'S', seq: 1000, options: synOptions(4711) }

/** The request, of which there is one. */
export function only(requests: ForwardRequest[]): ForwardRequest {
  expect(requests).toHaveLength(1)
  return requests[0] as ForwardRequest
}

/** The sequence number of a SYN-ACK that has just been sent. */
export function synAck(peer: Peer): number {
  const segment = peer.one()
  expect(letters(segment)).toBe('S.')
  return segment.sequence
}

/** Accepts, as a connection. */
export const accepted = (request: ForwardRequest): Connection => request.accept() as Connection
