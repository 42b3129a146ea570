import type { Timer } from './clock.js'

/** Slots of one level; a level's occupied slots fit one 32-bit map. */
const SLOTS = 32
const SLOT_BITS = 5
/** Levels 0 to 4 count in the low 25 bits of a time, levels 5 to 10 in the rest: 55 bits in all, more than a number holds. */
const LOW_LEVELS = 5
const LEVELS = 11
const LOW = 2 ** (LOW_LEVELS * SLOT_BITS)

/** Where a timer is that is due and waits for its turn. */
const DUE = LEVELS * SLOTS
const NOWHERE = -1

/** What a timer reports to: the clock that made it. */
export interface TimerHost {
  /** Microseconds. */
  now(): number
  /** A timer was armed or re-armed. */
  armed(timer: WheelTimer, wasArmed: boolean): void
  /** A timer was cancelled. */
  cancelled(timer: WheelTimer): void
}

/** A timer that is its own list entry, so that arming allocates nothing. */
export class WheelTimer implements Timer {
  deadline = 0
  /** The whole microsecond at which it expires: the deadline rounded up, never before the wheel's time. */
  tick = 0
  place: number = NOWHERE
  previous: WheelTimer | null = null
  next: WheelTimer | null = null
  readonly background: boolean
  readonly expired: () => void
  private readonly wheel: TimerWheel
  private readonly host: TimerHost

  constructor(wheel: TimerWheel, host: TimerHost, expired: () => void, background: boolean) {
    this.wheel = wheel
    this.host = host
    this.expired = expired
    this.background = background
  }

  get armed(): boolean {
    return this.place !== NOWHERE
  }

  set(deadline: number): void {
    if (!(deadline <= Number.MAX_SAFE_INTEGER)) {
      throw new RangeError(`a timer's deadline must be a number of microseconds up to 2^53 - 1, not ${deadline}`)
    }
    const wasArmed = this.place !== NOWHERE
    if (wasArmed) this.wheel.remove(this)
    this.deadline = deadline
    this.wheel.add(this)
    this.host.armed(this, wasArmed)
  }

  setAfter(delay: number): void {
    this.set(this.host.now() + delay)
  }

  cancel(): void {
    if (this.place === NOWHERE) return
    this.wheel.remove(this)
    this.host.cancelled(this)
  }
}

/**
 * A hierarchical timer wheel (Varghese and Lauck, 1987) of ticks of one microsecond. A timer sits on the level of the
 * highest digit (base 32) in which its tick differs from the wheel's time, and moves down as that time comes near, so
 * arming and cancelling take constant time at any distance. Timers of the same tick expire in the order they were armed:
 * those from a higher level come down before the wheel's time lets a new one join them.
 */
export class TimerWheel {
  /** First and last timer of each slot, and of the due list behind them. */
  private readonly first: (WheelTimer | null)[] = Array.from({ length: DUE + 1 }, () => null)
  private readonly last: (WheelTimer | null)[] = Array.from({ length: DUE + 1 }, () => null)
  /** One bit for each occupied slot of a level. */
  private readonly occupied: Int32Array = new Int32Array(LEVELS)
  /** One bit for each level with an occupied slot. */
  private levels = 0
  /** The wheel's time, as its upper part and its low 25 bits. Ticks before it are over. */
  private high: number
  private low: number
  /** Where `findNext` found the earliest occupied slot. */
  private nextLevel = 0
  private nextSlot = 0

  /** @param time whole microseconds */
  constructor(time: number) {
    this.high = Math.floor(time / LOW)
    this.low = time - this.high * LOW
  }

  /** The wheel's time in whole microseconds: how far `collect` went. */
  get time(): number {
    return this.high * LOW + this.low
  }

  /** Files a timer by its deadline; one in the past is filed at the wheel's time. */
  add(timer: WheelTimer): void {
    let tick = Math.ceil(timer.deadline)
    const time = this.time
    if (tick < time) tick = time
    timer.tick = tick
    this.file(timer)
  }

  remove(timer: WheelTimer): void {
    const place = timer.place
    const { previous, next } = timer
    if (previous === null) this.first[place] = next
    else previous.next = next
    if (next === null) this.last[place] = previous
    else next.previous = previous
    timer.previous = null
    timer.next = null
    timer.place = NOWHERE
    if (place !== DUE && this.first[place] === null) this.vacate(place >>> SLOT_BITS, place & (SLOTS - 1))
  }

  /** Moves the wheel's time on to `time` and every timer up to and at it, in order, to the due list. */
  collect(time: number): void {
    for (;;) {
      const start = this.findNext()
      if (start > time) break
      this.openSlot(start)
    }
    if (time > this.time) this.moveTo(time)
  }

  /**
   * The earliest tick of an armed timer if it is not after `limit`, else Infinity. Moves the wheel's time on towards it
   * (never past it or `limit`): for a clock that goes there next.
   */
  approach(limit: number): number {
    for (;;) {
      const start = this.findNext()
      if (start > limit) return Infinity
      if (this.nextLevel === 0) return start
      this.openSlot(start)
    }
  }

  /** Takes the first due timer off its list; null when there is none. */
  takeDue(): WheelTimer | null {
    const timer = this.first[DUE] as WheelTimer | null
    if (timer !== null) this.remove(timer)
    return timer
  }

  /**
   * The earliest tick of an armed timer, Infinity if there is none. Looks at no more than `limit` timers: where more
   * share the earliest slot, the answer may be too early by the length of that slot, never too late.
   */
  nextTick(limit: number): number {
    const start = this.findNext()
    if (start === Infinity || this.nextLevel === 0) return start
    let earliest = Infinity
    let looked = 0
    let timer = this.first[this.nextLevel * SLOTS + this.nextSlot] as WheelTimer | null
    while (timer !== null) {
      if (++looked > limit) return start
      if (timer.tick < earliest) earliest = timer.tick
      timer = timer.next
    }
    return earliest
  }

  /** Moves on to the beginning of the slot that `findNext` found: its timers become due, or go down a level or more. */
  private openSlot(start: number): void {
    const level = this.nextLevel
    const place = level * SLOTS + this.nextSlot
    let timer = this.first[place] as WheelTimer | null
    this.moveTo(start)
    this.first[place] = null
    this.last[place] = null
    this.vacate(level, this.nextSlot)
    while (timer !== null) {
      const next: WheelTimer | null = timer.next
      if (level === 0) this.append(timer, DUE)
      else this.file(timer)
      timer = next
    }
  }

  private moveTo(time: number): void {
    this.high = Math.floor(time / LOW)
    this.low = time - this.high * LOW
  }

  /** The time at which the earliest occupied slot begins (its place is left in `nextLevel`, `nextSlot`), or Infinity. */
  private findNext(): number {
    if (this.levels === 0) return Infinity
    // Every timer of a lower level is earlier than any of a higher one, and no occupied slot lies in the past.
    const level = 31 - Math.clz32(this.levels & -this.levels)
    const map = this.occupied[level] as number
    const slot = 31 - Math.clz32(map & -map)
    this.nextLevel = level
    this.nextSlot = slot
    if (level < LOW_LEVELS) {
      const shift = level * SLOT_BITS
      const upper = this.low & (-1 << (shift + SLOT_BITS))
      return this.high * LOW + (upper | (slot << shift))
    }
    const shift = (level - LOW_LEVELS) * SLOT_BITS
    const upper = this.high & (-1 << (shift + SLOT_BITS))
    return (upper | (slot << shift)) * LOW
  }

  private file(timer: WheelTimer): void {
    const high = Math.floor(timer.tick / LOW)
    const low = timer.tick - high * LOW
    let level: number
    let slot: number
    if (high !== this.high) {
      const digit = ((31 - Math.clz32(high ^ this.high)) / SLOT_BITS) | 0
      level = LOW_LEVELS + digit
      slot = (high >>> (digit * SLOT_BITS)) & (SLOTS - 1)
    } else {
      level = ((31 - Math.clz32((low ^ this.low) | 1)) / SLOT_BITS) | 0
      slot = (low >>> (level * SLOT_BITS)) & (SLOTS - 1)
    }
    this.occupied[level] = (this.occupied[level] as number) | (1 << slot)
    this.levels |= 1 << level
    this.append(timer, level * SLOTS + slot)
  }

  private append(timer: WheelTimer, place: number): void {
    const last = this.last[place] as WheelTimer | null
    timer.place = place
    timer.previous = last
    timer.next = null
    if (last === null) this.first[place] = timer
    else last.next = timer
    this.last[place] = timer
  }

  private vacate(level: number, slot: number): void {
    const map = (this.occupied[level] as number) & ~(1 << slot)
    this.occupied[level] = map
    if (map === 0) this.levels &= ~(1 << level)
  }
}
