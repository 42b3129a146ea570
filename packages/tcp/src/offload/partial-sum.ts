import { foldSum, sumWord } from '@jackfield/packet'

/** A folded sum, not complemented, in which one word was exchanged for another (RFC 1624). */
export function exchangeWord(sum: number, from: number, to: number): number {
  return foldSum(sumWord(sum) + sumWord(~from & 0xffff) + sumWord(to))
}
