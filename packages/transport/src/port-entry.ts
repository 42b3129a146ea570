import { type IpAddress, type IpAddressSlot, setSlotV4, setSlotV6 } from '@jackfield/addr'
import type { PortBucket } from './port-buckets.js'
import type { ReuseGroup } from './reuse-group.js'

const CONNECTED = 0x1
const V6ONLY = 0x2
const REUSE_ADDRESS = 0x4
const REUSE_PORT = 0x8
const LISTENING = 0x10
const BY_CONNECTION = 0x20

/**
 * What a port table knows of a socket; sockets extend it, so that a lookup touches one object. Addresses are four
 * int32 words, IPv4 in its mapped form. The table keeps the fields: read them only.
 */
export class PortEntry {
  // What a lookup reads comes first, so that it lies together.
  /** @internal Hash under which it is in the table of bound or of connected entries. */
  hash = 0
  /** @internal */
  nextHashed: PortEntry | null = null
  /** 0: not bound. */
  localPort = 0
  /** May be 0 in a connected datagram socket: any port of that address. */
  remotePort = 0
  remote3 = 0
  remote2 = 0
  remote1 = 0
  remote0 = 0
  local3 = 0
  local2: number
  local1 = 0
  local0 = 0
  /** The flags below, each a bit. */
  private portFlags = 0
  /** `SO_BINDTODEVICE`, 0 for any. */
  boundInterface = 0
  /** `AF_INET` or `AF_INET6`. */
  family: number
  /** The next entry with the same local port; newest first. */
  nextOnPort: PortEntry | null = null

  /** @internal */
  previousOnPort: PortEntry | null = null
  /** @internal */
  bucket: PortBucket | null = null
  /** @internal */
  previousHashed: PortEntry | null = null
  /** @internal */
  reuseGroup: ReuseGroup | null = null

  constructor(family: number) {
    this.family = family
    this.local2 = family === 2 ? 0xffff : 0
  }

  get connected(): boolean {
    return (this.portFlags & CONNECTED) !== 0
  }

  set connected(value: boolean) {
    this.putPortFlag(CONNECTED, value)
  }

  get v6only(): boolean {
    return (this.portFlags & V6ONLY) !== 0
  }

  set v6only(value: boolean) {
    this.putPortFlag(V6ONLY, value)
  }

  get reuseAddress(): boolean {
    return (this.portFlags & REUSE_ADDRESS) !== 0
  }

  set reuseAddress(value: boolean) {
    this.putPortFlag(REUSE_ADDRESS, value)
  }

  get reusePort(): boolean {
    return (this.portFlags & REUSE_PORT) !== 0
  }

  set reusePort(value: boolean) {
    this.putPortFlag(REUSE_PORT, value)
  }

  /** Streams: it listens, so that SO_REUSEADDR does not help another to its port. */
  get listening(): boolean {
    return (this.portFlags & LISTENING) !== 0
  }

  set listening(value: boolean) {
    this.putPortFlag(LISTENING, value)
  }

  /** Streams: its port was chosen by `connect`, which other connections may share. */
  get byConnection(): boolean {
    return (this.portFlags & BY_CONNECTION) !== 0
  }

  set byConnection(value: boolean) {
    this.putPortFlag(BY_CONNECTION, value)
  }

  private putPortFlag(bit: number, value: boolean): void {
    this.portFlags = value ? this.portFlags | bit : this.portFlags & ~bit
  }

  /** Whether the local address is 0.0.0.0 or `::`. */
  get localAny(): boolean {
    return this.local3 === 0 && this.local0 === 0 && this.local1 === 0 && (this.local2 === 0xffff || this.local2 === 0)
  }

  /** Copies the local address into a slot. */
  readLocal(slot: IpAddressSlot): void {
    readWords(slot, this.local0, this.local1, this.local2, this.local3)
  }

  /** Copies the peer's address into a slot. */
  readRemote(slot: IpAddressSlot): void {
    readWords(slot, this.remote0, this.remote1, this.remote2, this.remote3)
  }

  /** Sets the local address; for `PortTable`, and for a socket that has an address but no port yet. */
  setLocal(address: IpAddress): void {
    this.local0 = address.w0
    this.local1 = address.w1
    this.local2 = address.w2
    this.local3 = address.w3
  }

  /** @internal */
  setRemote(address: IpAddress, port: number): void {
    this.remote0 = address.w0
    this.remote1 = address.w1
    this.remote2 = address.w2
    this.remote3 = address.w3
    this.remotePort = port
  }
}

function readWords(slot: IpAddressSlot, w0: number, w1: number, w2: number, w3: number): void {
  if (w0 === 0 && w1 === 0 && w2 === 0xffff) setSlotV4(slot, w3)
  else setSlotV6(slot, w0, w1, w2, w3)
}
