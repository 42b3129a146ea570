import type { PortEntry } from './port-entry.js'

/** The entries that have one local port. */
export class PortBucket {
  readonly port: number
  first: PortEntry | null = null
  count = 0
  next: PortBucket | null = null

  constructor(port: number) {
    this.port = port
  }
}

/** Port buckets by port: a hash table that grows with the ports in use. */
export class PortBuckets {
  private heads: (PortBucket | null)[] = new Array<PortBucket | null>(16).fill(null)
  private count = 0

  /** The bucket of a port, or null where nobody has it. */
  find(port: number): PortBucket | null {
    const heads = this.heads
    let bucket = heads[port & (heads.length - 1)] as PortBucket | null
    while (bucket !== null && bucket.port !== port) bucket = bucket.next
    return bucket
  }

  /** Adds an entry under its local port. */
  add(entry: PortEntry): void {
    let bucket = this.find(entry.localPort)
    if (bucket === null) {
      bucket = new PortBucket(entry.localPort)
      if (++this.count > this.heads.length) this.grow()
      this.link(bucket)
    }
    entry.bucket = bucket
    entry.previousOnPort = null
    entry.nextOnPort = bucket.first
    if (bucket.first !== null) bucket.first.previousOnPort = entry
    bucket.first = entry
    bucket.count++
  }

  remove(entry: PortEntry): void {
    const bucket = entry.bucket
    if (bucket === null) return
    const { previousOnPort, nextOnPort } = entry
    if (previousOnPort === null) bucket.first = nextOnPort
    else previousOnPort.nextOnPort = nextOnPort
    if (nextOnPort !== null) nextOnPort.previousOnPort = previousOnPort
    entry.previousOnPort = null
    entry.nextOnPort = null
    entry.bucket = null
    if (--bucket.count === 0) this.unlink(bucket)
  }

  // Ports chosen by an attacker cannot crowd a chain: there are 65,536 of them, spread evenly by their low bits.
  private link(bucket: PortBucket): void {
    const at = bucket.port & (this.heads.length - 1)
    bucket.next = this.heads[at] as PortBucket | null
    this.heads[at] = bucket
  }

  private unlink(bucket: PortBucket): void {
    const at = bucket.port & (this.heads.length - 1)
    let each = this.heads[at] as PortBucket | null
    if (each === bucket) this.heads[at] = bucket.next
    else {
      while (each !== null && each.next !== bucket) each = each.next
      if (each !== null) each.next = bucket.next
    }
    bucket.next = null
    this.count--
  }

  private grow(): void {
    const old = this.heads
    this.heads = new Array<PortBucket | null>(old.length * 2).fill(null)
    for (const head of old) {
      let each = head
      while (each !== null) {
        const next: PortBucket | null = each.next
        this.link(each)
        each = next
      }
    }
  }
}
