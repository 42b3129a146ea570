import type { Setting } from '@jackfield/interfaces'

/**
 * The settings of a stack under their sysctl names.
 * What Linux would take as text (`'32768 60999'`) is text here too; everything else is an integer.
 */
export class Sysctl {
  private readonly settings = new Map<string, Setting>()

  /** @internal A name twice is a fault of the packages installed. */
  add(settings: readonly Setting[]): void {
    for (const setting of settings) {
      if (this.settings.has(setting.name)) throw new Error(`two packages define the setting ${setting.name}`)
      this.settings.set(setting.name, setting)
    }
  }

  /** @internal */
  remove(settings: readonly Setting[]): void {
    for (const setting of settings) this.settings.delete(setting.name)
  }

  /** All names, sorted. */
  names(): string[] {
    return [...this.settings.keys()].sort()
  }

  /** The present value; RangeError for a name that no installed package has. */
  get(name: string): number | string {
    return this.find(name).get()
  }

  /**
   * Sets a value. Text that is an integer is taken as one where the setting is a number.
   * RangeError for an unknown name or a value out of range; the message says what would be right.
   */
  set(name: string, value: number | string): void {
    const setting = this.find(name)
    if (typeof setting.get() === 'string') {
      setting.set(String(value))
      return
    }
    const number = typeof value === 'number' ? value : /^\s*-?\d+\s*$/.test(value) ? Number(value) : Number.NaN
    const { minimum = -2_147_483_648, maximum = Number.MAX_SAFE_INTEGER } = setting
    if (!Number.isInteger(number) || number < minimum || number > maximum) {
      throw new RangeError(`${name} takes an integer from ${minimum} to ${maximum}, not ${JSON.stringify(value)}`)
    }
    setting.set(number)
  }

  private find(name: string): Setting {
    const setting = this.settings.get(name)
    if (setting !== undefined) return setting
    const near = this.names().filter((other) => isAlike(lastPart(other), lastPart(name)))
    const hint = near.length > 0 ? `; did you mean ${near.slice(0, 3).join(', ')}?` : '; sysctl.names() lists them'
    throw new RangeError(`no setting is named ${name}${hint}`)
  }
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

/** Whether one is within the other: `ip_forwarding` and `ip_forward`. Very short ones are within too many. */
function isAlike(one: string, other: string): boolean {
  if (one === other) return true
  return Math.min(one.length, other.length) > 3 && (one.includes(other) || other.includes(one))
}
