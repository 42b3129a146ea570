import { hashFlow } from './flow-hash.js'
import type { IpAddress } from './ip-address.js'

/** A row is twelve words: local and remote address, ports, hash, the next row of its chain, versions. */
const ROW = 12
const REMOTE = 4
const PORTS = 8
const HASH = 9
const NEXT = 10
const VERSIONS = 11

/** In `VERSIONS`: the row is in no chain but the free one. */
const FREE = -1

const FIRST_ROWS = 16

/**
 * A hash map from 4-tuples (local address, local port, remote address, remote port) to values, keyed with a secret and
 * bounded. The rows lie in one flat array: `get` allocates nothing, and `set` only when the table doubles.
 * An address is its version and words; zones are the value's affair.
 */
export class FlowTable<T> {
  /** The most entries that it takes. */
  readonly limit: number
  private readonly secret0: number
  private readonly secret1: number
  /** Row 0 is no row, so that 0 ends a chain. */
  private rows: Int32Array = new Int32Array(FIRST_ROWS * ROW)
  /** The first row of each chain; as many chains as rows, a power of two. */
  private heads: Int32Array = new Int32Array(FIRST_ROWS)
  private readonly values: (T | undefined)[] = [undefined]
  private used = 1
  private freed = 0
  private count = 0

  /**
   * @param secret0 secret1 64 random bits, from the stack's random source
   * @param limit the most entries; RangeError unless an integer from 1 to 2^24
   */
  constructor(secret0: number, secret1: number, limit = 1_048_576) {
    if (!Number.isInteger(limit) || limit < 1 || limit > 0x1000000) {
      throw new RangeError(`the limit of a flow table is an integer from 1 to ${0x1000000}, not ${limit}`)
    }
    this.limit = limit
    this.secret0 = secret0 | 0
    this.secret1 = secret1 | 0
  }

  /** How many entries it has. */
  get size(): number {
    return this.count
  }

  /** The value of a 4-tuple; undefined where it has none. */
  get(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): T | undefined {
    const row = this.find(this.hash(local, localPort, remote, remotePort), local, localPort, remote, remotePort)
    return row === 0 ? undefined : this.values[row]
  }

  /** Gives a 4-tuple a value, in place of the one that it had. False where it is new and the table is full. */
  set(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number, value: T): boolean {
    const hash = this.hash(local, localPort, remote, remotePort)
    const old = this.find(hash, local, localPort, remote, remotePort)
    if (old !== 0) {
      this.values[old] = value
      return true
    }
    if (this.count === this.limit) return false
    const row = this.take()
    const { rows, heads } = this
    const at = row * ROW
    rows[at] = local.w0
    rows[at + 1] = local.w1
    rows[at + 2] = local.w2
    rows[at + 3] = local.w3
    rows[at + REMOTE] = remote.w0
    rows[at + REMOTE + 1] = remote.w1
    rows[at + REMOTE + 2] = remote.w2
    rows[at + REMOTE + 3] = remote.w3
    rows[at + PORTS] = portsOf(localPort, remotePort)
    rows[at + HASH] = hash
    rows[at + VERSIONS] = versionsOf(local, remote)
    const chain = hash & (heads.length - 1)
    rows[at + NEXT] = heads[chain] as number
    heads[chain] = row
    this.values[row] = value
    this.count++
    return true
  }

  /** Takes a 4-tuple out. False where it had no value. */
  delete(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): boolean {
    const hash = this.hash(local, localPort, remote, remotePort)
    const row = this.find(hash, local, localPort, remote, remotePort)
    if (row === 0) return false
    const { rows, heads } = this
    const at = row * ROW
    const next = rows[at + NEXT] as number
    const chain = hash & (heads.length - 1)
    let before = heads[chain] as number
    if (before === row) heads[chain] = next
    else {
      while (rows[before * ROW + NEXT] !== row) before = rows[before * ROW + NEXT] as number
      rows[before * ROW + NEXT] = next
    }
    rows[at + NEXT] = this.freed
    rows[at + VERSIONS] = FREE
    this.freed = row
    this.values[row] = undefined
    this.count--
    return true
  }

  /**
   * Calls `visit` with each value, in no promised order, without allocating. The entries may be changed meanwhile: one that is
   * deleted before its turn is not visited, one that is added may be.
   */
  forEach(visit: (value: T) => void): void {
    for (let row = 1; row < this.used; row++) {
      if (this.rows[row * ROW + VERSIONS] !== FREE) visit(this.values[row] as T)
    }
  }

  /** The values as they are now. */
  toArray(): T[] {
    const list: T[] = []
    this.forEach((value) => {
      list.push(value)
    })
    return list
  }

  /** Takes all out, and gives the memory back. */
  clear(): void {
    this.rows = new Int32Array(FIRST_ROWS * ROW)
    this.heads = new Int32Array(FIRST_ROWS)
    this.values.length = 1
    this.used = 1
    this.freed = 0
    this.count = 0
  }

  private hash(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): number {
    return hashFlow(this.secret0, this.secret1, local, localPort, remote, remotePort)
  }

  /** The row of a 4-tuple, 0 for none. */
  private find(hash: number, local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): number {
    const { rows, heads } = this
    let row = heads[hash & (heads.length - 1)] as number
    while (row !== 0) {
      const at = row * ROW
      if (
        rows[at + HASH] === hash &&
        rows[at + PORTS] === portsOf(localPort, remotePort) &&
        rows[at + REMOTE + 3] === remote.w3 &&
        rows[at + 3] === local.w3 &&
        rows[at] === local.w0 &&
        rows[at + 1] === local.w1 &&
        rows[at + 2] === local.w2 &&
        rows[at + REMOTE] === remote.w0 &&
        rows[at + REMOTE + 1] === remote.w1 &&
        rows[at + REMOTE + 2] === remote.w2 &&
        rows[at + VERSIONS] === versionsOf(local, remote)
      ) {
        return row
      }
      row = rows[at + NEXT] as number
    }
    return 0
  }

  /** A row that is in no chain. */
  private take(): number {
    const row = this.freed
    if (row !== 0) {
      this.freed = this.rows[row * ROW + NEXT] as number
      return row
    }
    if (this.used === this.heads.length) this.double()
    this.values.push(undefined)
    return this.used++
  }

  private double(): void {
    const rows = new Int32Array(this.rows.length * 2)
    rows.set(this.rows)
    const heads = new Int32Array(this.heads.length * 2)
    // All rows are in use when it doubles: a free one would have been taken.
    for (let row = 1; row < this.used; row++) {
      const at = row * ROW
      const chain = (rows[at + HASH] as number) & (heads.length - 1)
      rows[at + NEXT] = heads[chain] as number
      heads[chain] = row
    }
    this.rows = rows
    this.heads = heads
  }
}

function portsOf(localPort: number, remotePort: number): number {
  return (localPort << 16) | (remotePort & 0xffff)
}

function versionsOf(local: IpAddress, remote: IpAddress): number {
  return (local.version << 4) | remote.version
}
