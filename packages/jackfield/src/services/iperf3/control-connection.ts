import { MSG_WAITALL, SocketError, type Sockets, type WaitOptions } from '@jackfield/sockets'
import { COOKIE_LENGTH, IERECVPARAMS, Iperf3Error } from './protocol.js'

/** Bytes of JSON that are taken: results of 128 streams have some 30,000. */
const MOST_JSON = 256 * 1024

/** One side's reading and writing of states and JSON. Its calls reject when the connection ends or the signal aborts. */
export class ControlConnection {
  private readonly sockets: Sockets
  private readonly fd: number
  private readonly options: WaitOptions

  constructor(sockets: Sockets, fd: number, options: WaitOptions) {
    this.sockets = sockets
    this.fd = fd
    this.options = options
  }

  async readCookie(): Promise<Uint8Array> {
    return this.read(COOKIE_LENGTH)
  }

  /** The other side's next state. */
  async readState(): Promise<number> {
    return (await this.read(1))[0] ?? 0
  }

  async writeState(state: number): Promise<void> {
    await this.write(Uint8Array.of(state))
  }

  /** Tells of the end of the test, or of an error by iperf3's number for it, if there is room and somebody listens. */
  tell(state: number, error?: number): void {
    const bytes = new Uint8Array(error === undefined ? 1 : 9)
    const view = new DataView(bytes.buffer)
    view.setUint8(0, state)
    if (error !== undefined) view.setUint32(1, error)
    try {
      this.sockets.send(this.fd, bytes)
    } catch (failure) {
      if (!(failure instanceof SocketError)) throw failure
    }
  }

  /** An object in JSON. Throws `Iperf3Error` for what is none or too long. */
  async readJson(): Promise<Readonly<Record<string, unknown>>> {
    const size = await this.read(4)
    const length = new DataView(size.buffer).getUint32(0)
    if (length > MOST_JSON) throw new Iperf3Error(IERECVPARAMS, `${length} bytes of JSON are more than ${MOST_JSON}`)
    const text = new TextDecoder().decode(await this.read(length))
    let value: unknown = null
    try {
      // Some versions send the zero behind the text.
      value = JSON.parse(text.replace(/\0+$/, ''))
    } catch {
      throw new Iperf3Error(IERECVPARAMS, 'what should be JSON is none')
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new Iperf3Error(IERECVPARAMS, 'JSON that is no object')
    }
    return value as Record<string, unknown>
  }

  async writeJson(value: object): Promise<void> {
    const text = new TextEncoder().encode(JSON.stringify(value))
    const bytes = new Uint8Array(4 + text.length)
    new DataView(bytes.buffer).setUint32(0, text.length)
    bytes.set(text, 4)
    await this.write(bytes)
  }

  private async read(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length)
    const received = await this.sockets.promises.recv(this.fd, bytes, MSG_WAITALL, this.options)
    if (received < length) throw new Error('the other side closed the control connection')
    return bytes
  }

  private async write(bytes: Uint8Array): Promise<void> {
    await this.sockets.promises.send(this.fd, bytes, 0, this.options)
  }
}
