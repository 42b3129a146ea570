import { bbr } from './bbr.js'
import type { CongestionControl } from './congestion-control.js'
import { cubic } from './cubic.js'
import { newReno } from './new-reno.js'

/** The congestion controls that a host has, by name. */
export class CongestionRegistry {
  private readonly controls = new Map<string, CongestionControl>()

  constructor() {
    for (const control of [cubic, newReno, bbr]) this.register(control)
  }

  /** Adds one; RangeError for a name that is taken, or not 1 to 15 characters long. */
  register(control: CongestionControl): void {
    const { name } = control
    if (name.length < 1 || name.length > 15) {
      throw new RangeError(`the name of a congestion control is 1 to 15 characters long, not '${name}'`)
    }
    if (this.controls.has(name)) throw new RangeError(`a congestion control named ${name} is there already`)
    this.controls.set(name, control)
  }

  /** By name; undefined where there is none. */
  find(name: string): CongestionControl | undefined {
    return this.controls.get(name)
  }

  /** The one that new connections have. */
  defaultControl(name: string): CongestionControl {
    return this.controls.get(name) ?? cubic
  }

  /** All names, sorted. */
  names(): string[] {
    return [...this.controls.keys()].sort()
  }
}
