/** What a segment's numbers are counted from; 0 where they are told as they are. */
export interface TcpBases {
  readonly sequence: number
  readonly acknowledgment: number
  /** For the edges of SACK blocks, which are numbers of the other side. */
  readonly sack: number
}

/** Numbers as they are in the packet. */
export const ABSOLUTE: TcpBases = { sequence: 0, acknowledgment: 0, sack: 0 }

/** The first numbers of the lower and of the higher end of a connection. */
interface Origins {
  lower: number
  higher: number
}

/**
 * Remembers the first numbers of connections, so that sequence numbers are told from there, as tcpdump tells them without
 * `-S`. Give one to every `dissect` of a capture, in the capture's order. The first segment with ACK, and every SYN-ACK,
 * is told as it is.
 */
export class TcpSession {
  private readonly connections = new Map<string, Origins>()
  private readonly limit: number

  /** @param limit connections remembered; beyond it the oldest is forgotten. Default 10,000. RangeError below 1. */
  constructor(limit = 10_000) {
    if (!(Number.isInteger(limit) && limit >= 1)) {
      throw new RangeError(`a session remembers a number of connections from 1 up, not ${limit}`)
    }
    this.limit = limit
  }

  /**
   * @internal What to count a segment's numbers from. Must be asked for every segment, once each.
   * @param from address and port that it comes from, as text. @param to where it goes
   */
  bases(
    from: readonly [string, number],
    to: readonly [string, number],
    sequence: number,
    acknowledgment: number,
    ack: boolean,
    syn: boolean,
  ): TcpBases {
    if (!ack) return ABSOLUTE
    const reverse = from[1] === to[1] ? from[0] > to[0] : from[1] > to[1]
    const key = reverse ? `${to.join()} ${from.join()}` : `${from.join()} ${to.join()}`
    const known = this.connections.get(key)
    if (known === undefined || syn) {
      const other = (acknowledgment - 1) >>> 0
      this.remember(key, reverse ? { lower: other, higher: sequence } : { lower: sequence, higher: other })
      return { sequence: 0, acknowledgment: 0, sack: other }
    }
    const own = reverse ? known.higher : known.lower
    const other = reverse ? known.lower : known.higher
    return { sequence: own, acknowledgment: other, sack: other }
  }

  private remember(key: string, origins: Origins): void {
    const { connections, limit } = this
    connections.set(key, origins)
    if (connections.size <= limit) return
    for (const oldest of connections.keys()) {
      connections.delete(oldest)
      return
    }
  }
}
