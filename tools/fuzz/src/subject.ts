import type { Chance } from './chance.js'

/** What is fuzzed: made anew for each round, fed inputs, looked at now and then, and closed. All of these throw a finding. */
export interface Subject {
  /** One input: a packet, a burst, a text. */
  input(chance: Chance): void
  /** Looks whether everything adds up and is within its limits. */
  check(): void
  /** Lets everything come to rest, and looks whether nothing is left. */
  settle(): void
  close(): Promise<void>
  /** What it counted, by name: shows how deep inputs get. Empty for what counts nothing. */
  counters(): Readonly<Record<string, number>>
  /** The last input, in hex or as text, for people. */
  lastInput(): string
}

/** A kind of subject. */
export interface Target {
  readonly name: string
  /** How often it is chosen when all targets run, against the others. */
  readonly share: number
  create(chance: Chance): Subject
}
