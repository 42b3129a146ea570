import { Socket, type SocketConstructorOpts, type TcpSocketConnectOpts } from 'node:net'
import { type KernelCalls, O_CLOEXEC, O_NONBLOCK } from './kernel-calls.js'
import { TunError } from './tun-error.js'

/** Told what happens on a watched descriptor. */
export interface WatchListener {
  /** The event loop read `length` bytes into `READ_BUFFER`, which are gone when this returns. */
  readable(length: number): void
  /** The descriptor gave an error and is closed: nothing more will come. */
  ended(): void
}

/**
 * All watches read into this one buffer: what is in it is taken before the event loop reads again.
 * The largest packet with its Ethernet and offload headers fits, and a byte more, by which a longer one shows.
 */
export const READ_BUFFER: Uint8Array = new Uint8Array(65_536 + 64)
export const READ_VIEW: DataView = new DataView(READ_BUFFER.buffer)

/**
 * Has Node's own event loop (libuv) wait for a descriptor of any kind, as it waits for its sockets: in its one epoll set.
 *
 * Node waits for pipes and sockets only, and looks at what a descriptor is when a `Socket` is made of it. So a pipe is wrapped, and
 * the descriptor is then put in its place under the same number (`dup3`) before the loop first sees it. When it is readable, libuv
 * reads once (which for a TUN device is one packet) into a buffer of ours, and calls.
 *
 * The other ways of waiting are worse: an asynchronous `poll` through koffi holds a thread of libuv's pool
 * of four and makes `process.exit` wait for it; a worker thread adds 17 µs to each wake-up; SIGIO interrupts the whole process for every
 * packet and has one handler per process. This has no thread, no signal and no further system call; a program at rest sleeps
 * in `epoll_wait`, `ref` and `unref` are Node's own, and an exit waits for nothing. Tried on Node 20, 22 and 24.
 */
export class ReadableWatch {
  /** The number under which the descriptor is to be used from now on. */
  readonly fd: number
  private readonly socket: Socket
  private open = true

  /** Takes the descriptor over (its old number is closed); it must be non-blocking. TunError where no pipe can be had; it is then left open. */
  constructor(calls: KernelCalls, fd: number, listener: WatchListener) {
    const ends = new Int32Array(2)
    if (calls.pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) throw new TunError(calls.errno(), 'pipe2')
    const [readEnd, writeEnd] = ends as unknown as readonly [number, number]
    const options: SocketConstructorOpts & Pick<TcpSocketConnectOpts, 'onread'> = {
      fd: readEnd,
      readable: true,
      writable: false,
      onread: {
        buffer: READ_BUFFER,
        callback: (length) => {
          if (this.open) listener.readable(length)
          return true
        },
      },
    }
    this.socket = new Socket(options)
    this.fd = readEnd
    calls.close(writeEnd)
    if (calls.dup3(fd, readEnd, O_CLOEXEC) < 0) {
      const errno = calls.errno()
      this.close()
      throw new TunError(errno, 'dup3')
    }
    calls.close(fd)
    const ended = (): void => {
      if (!this.open) return
      this.close()
      listener.ended()
    }
    this.socket.on('error', ended).on('end', ended).on('close', ended)
  }

  /** Keeps the program running while it is open (the default). */
  ref(): void {
    this.socket.ref()
  }

  unref(): void {
    this.socket.unref()
  }

  /** Closes the descriptor at once. */
  close(): void {
    this.open = false
    this.socket.destroy()
  }
}
