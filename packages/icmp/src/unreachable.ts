/** What a code of destination unreachable means to a transport. */
export interface Unreachable {
  readonly kind: number
  readonly errno: number
  /** Whether it ends a connection. */
  readonly fatal: boolean
}
