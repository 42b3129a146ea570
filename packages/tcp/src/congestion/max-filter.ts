/**
 * A running maximum over a window of rounds, kept as the best of the window, the best since that one, and the best since
 * the second: an old maximum that ends has an heir (Kathleen Nichols' filter, as Linux's `win_minmax`). Rounds are int32.
 */
export class MaxFilter {
  /** The maximum of the window. */
  value = 0
  private round = 0
  private value1 = 0
  private round1 = 0
  private value2 = 0
  private round2 = 0

  /** Forgets everything but this. */
  reset(round: number, value: number): void {
    this.value = this.value1 = this.value2 = value
    this.round = this.round1 = this.round2 = round
  }

  /** Takes a value of a round; `window` is in rounds. */
  update(window: number, round: number, value: number): void {
    if (value >= this.value || ((round - this.round2) | 0) > window) {
      this.reset(round, value)
      return
    }
    if (value >= this.value1) {
      this.value1 = this.value2 = value
      this.round1 = this.round2 = round
    } else if (value >= this.value2) {
      this.value2 = value
      this.round2 = round
    }
    this.expire(window, round, value)
  }

  /** Lets go of what is out of the window, and spreads the three over it. */
  private expire(window: number, round: number, value: number): void {
    const age = (round - this.round) | 0
    if (age > window) {
      this.shift(round, value)
      if (((round - this.round) | 0) > window) this.shift(round, value)
    } else if (this.round1 === this.round && age > window >>> 2) {
      this.value1 = this.value2 = value
      this.round1 = this.round2 = round
    } else if (this.round2 === this.round1 && age > window >>> 1) {
      this.value2 = value
      this.round2 = round
    }
  }

  private shift(round: number, value: number): void {
    this.value = this.value1
    this.round = this.round1
    this.value1 = this.value2
    this.round1 = this.round2
    this.value2 = value
    this.round2 = round
  }
}
