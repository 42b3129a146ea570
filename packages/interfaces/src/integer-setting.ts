import type { Setting } from './counters.js'

/** An integer setting over a getter and a setter. */
export function integerSetting(
  name: string,
  minimum: number,
  maximum: number,
  get: () => number,
  set: (value: number) => void,
): Setting {
  return {
    name,
    minimum,
    maximum,
    get,
    set(value: number | string): void {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < minimum || value > maximum) {
        throw new RangeError(`${name} is an integer from ${minimum} to ${maximum}, not ${value}`)
      }
      set(value)
    },
  }
}

/** A setting in whole seconds that is a field of an object, in microseconds there. */
export function secondsSetting<Key extends string>(
  name: string,
  minimum: number,
  maximum: number,
  object: Record<Key, number>,
  key: Key,
): Setting {
  return integerSetting(
    name,
    minimum,
    maximum,
    () => object[key] / 1_000_000,
    (value) => {
      object[key] = value * 1_000_000
    },
  )
}

/** An integer setting that is a field of an object. */
export function fieldSetting<Key extends string>(
  name: string,
  minimum: number,
  maximum: number,
  object: Record<Key, number>,
  key: Key,
): Setting {
  return integerSetting(
    name,
    minimum,
    maximum,
    () => object[key],
    (value) => {
      object[key] = value
    },
  )
}
