import type { IpAddress } from '@jackfield/addr'

/** What the script knows of a connection or flow, and what it is on the wire. */
export class ScriptSocket {
  /** Its descriptor in the script; -1 while it has none. */
  fd = -1
  /** Its descriptor in the stack; -1 while it has none. */
  liveFd = -1
  readonly protocol: 'tcp' | 'udp' | 'other'
  /** The socket that it came from: the listening one, or the datagram socket that has many peers. */
  server: ScriptSocket | null = null
  /** `listening` sockets give rise to others; `connecting` ones have been told of their peer. */
  state: 'new' | 'listening' | 'connecting' = 'new'
  /** The ports that the script calls it by; 0 where it does not. */
  scriptLocalPort = 0
  scriptRemotePort = 0
  /** The ports and peer that it really has; 0 and null while they are not known. */
  livePort = 0
  remote: IpAddress | null = null
  remotePort = 0
  /** What is to be added to the script's local sequence numbers for the live ones; null until a SYN was sent. */
  private offset: number | null = null
  private timestamps = new Map<number, number>()
  private firstTimestamp: { script: number; live: number } | null = null
  /** The time stamp that was sent last where the script did not look at it. */
  private unseenTimestamp: number | null = null

  constructor(protocol: 'tcp' | 'udp' | 'other') {
    this.protocol = protocol
  }

  /** Forgets what the connection before this one taught: its ports are used again. */
  restart(): void {
    this.fd = -1
    this.offset = null
    this.timestamps = new Map()
    this.firstTimestamp = null
    this.unseenTimestamp = null
  }

  /** Learns the local initial sequence number from a SYN that was sent. */
  learnSequence(script: number, live: number): void {
    this.offset ??= (live - script) | 0
  }

  /** A local sequence number of the script as the stack has it. Those of the peer are the same on both sides. */
  toLive(sequence: number): number {
    return (sequence + (this.offset ?? 0)) >>> 0
  }

  /** The reverse. */
  toScript(sequence: number): number {
    return (sequence - (this.offset ?? 0)) >>> 0
  }

  /** Learns which live time stamp stands for one of the script's. */
  learnTimestamp(script: number, live: number): void {
    this.firstTimestamp ??= { script, live }
    this.timestamps.set(script, live)
  }

  /** Learns a live time stamp of a packet whose options the script leaves open (`<...>`). */
  passTimestamp(live: number): void {
    this.unseenTimestamp = live
  }

  /**
   * A time stamp of the script as the stack sent it; one that it never sent is as far from the first as in the script,
   * and where the script saw none it is the last.
   */
  timestampToLive(script: number): number {
    const known = this.timestamps.get(script)
    if (known !== undefined) return known
    const first = this.firstTimestamp
    return first === null ? (this.unseenTimestamp ?? script) : (script - first.script + first.live) >>> 0
  }

  /** Ticks by which a live time stamp is ahead of where the script has it, counted from the first of each. */
  timestampDrift(script: number, live: number): number {
    const first = this.firstTimestamp
    return first === null ? 0 : (live - first.live - (script - first.script)) | 0
  }
}
