import type { Host, ReadinessWatcher } from '@jackfield/interfaces'

/** What knows which `POLL*` bits hold. */
export interface ReadinessSource {
  readiness(): number
}

/** The sockets of one stack that have something to say at the end of the burst. */
class WakeList {
  private readonly host: Host
  private first: Readiness | null = null
  private last: Readiness | null = null

  constructor(host: Host) {
    this.host = host
    host.addBurstObserver(this)
  }

  add(readiness: Readiness): void {
    readiness.listed = true
    readiness.nextListed = null
    if (this.last === null) {
      this.first = readiness
      this.host.needBurstEnd()
    } else this.last.nextListed = readiness
    this.last = readiness
  }

  burstEnd(): void {
    let each = this.first
    this.first = null
    this.last = null
    while (each !== null) {
      const next: Readiness | null = each.nextListed
      each.nextListed = null
      each.listed = false
      each.tell()
      each = next
    }
  }
}

const lists = new WeakMap<Host, WakeList>()

/** Tells a socket's watcher what holds, once, at the end of the burst in which it changed. */
export class Readiness {
  /** @internal */
  listed = false
  /** @internal */
  nextListed: Readiness | null = null
  private readonly list: WakeList
  private readonly source: ReadinessSource
  private watcher: ReadinessWatcher | null = null
  private pending = 0

  /** @param source asked for the `POLL*` bits that hold at the end of the burst */
  constructor(host: Host, source: ReadinessSource) {
    let list = lists.get(host)
    if (list === undefined) {
      list = new WakeList(host)
      lists.set(host, list)
    }
    this.list = list
    this.source = source
  }

  /** Who is told; null for nobody. */
  setWatcher(watcher: ReadinessWatcher | null): void {
    this.watcher = watcher
  }

  /** These `POLL*` bits may have come to hold. Cheap: may be called for each packet. */
  changed(bits: number): void {
    if (this.watcher === null) return
    this.pending |= bits
    if (!this.listed) this.list.add(this)
  }

  /** The socket is closed: nobody is told any more. */
  close(): void {
    this.watcher = null
    this.pending = 0
  }

  /** @internal The burst ended. */
  tell(): void {
    const { watcher, pending } = this
    this.pending = 0
    if (watcher === null) return
    const mask = this.source.readiness()
    // What came and was consumed again within the burst is no news.
    if ((mask & pending) !== 0) watcher.ready(mask, mask & pending)
  }
}
