/** A failure that ends the program with a status of its own. */
export class ExitError extends Error {
  readonly status: number

  constructor(message: string, status: number) {
    super(message)
    this.name = 'ExitError'
    this.status = status
  }
}
