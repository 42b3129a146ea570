import type { Readiness, SocketPromises, Sockets } from '@jackfield/sockets'
import type { SentPacket } from './script-device.js'

/**
 * What a script is run against: socket calls, the other end of a device, settings and the time in which all that happens.
 * A stack in virtual time is one; a kernel behind a TUN device is another.
 */
export interface Subject {
  readonly sockets: SubjectSockets
  readonly time: SubjectTime
  /** What it sent and the script has not looked at, oldest first; those that are looked at are taken out. */
  readonly sent: SentPacket[]
  /** Gives it a packet from the device. */
  inject(bytes: Uint8Array): void
  /** Whether it has a setting of this name (`net.ipv4.tcp_sack`). */
  hasSetting(name: string): boolean
  /** Changes a setting. Throws an Error for one that it has not, or a value that it does not take. */
  set(name: string, value: string): void
  /** Changes the device. */
  setLink(change: { mtu?: number; up?: boolean }): void
  /** Closes everything: a sentence on what is wrong afterwards, or null. */
  close(): Promise<string | null>
}

/** The calls that scripts make. */
export interface SubjectSockets
  extends Pick<
    Sockets,
    | 'bind'
    | 'close'
    | 'getpeername'
    | 'getsockname'
    | 'getsockopt'
    | 'ioctl'
    | 'listen'
    | 'recv'
    | 'send'
    | 'sendmsg'
    | 'sendto'
    | 'setsockopt'
    | 'shutdown'
    | 'socket'
  > {
  /** The calls that may wait. */
  readonly promises: Pick<
    SocketPromises,
    'accept' | 'close' | 'connect' | 'poll' | 'recv' | 'recvfrom' | 'recvmsg' | 'send' | 'sendmsg' | 'sendto'
  >
  epoll<T>(): SubjectReadiness<T>
}

/** What scripts do with an epoll descriptor. */
export type SubjectReadiness<T> = Pick<Readiness<T>, 'add' | 'close' | 'delete' | 'modify' | 'wait'>

/** The time that a subject lives in: microseconds on its own clock. */
export interface SubjectTime {
  /** How long something is waited for after its time, so that the report can say when it came: microseconds. */
  readonly patience: number
  now(): number
  /** The same moment in microseconds since 1970, as time stamps have it. */
  wallTime(): number
  /** How much later than it happened something may be seen to happen that took so many microseconds. */
  lateness(duration: number): number
  /** Lets calls that wait go on, at the present instant. */
  settle(): Promise<void>
  /** Lets time pass until a moment. */
  passTo(time: number, run: PassingRun): Promise<void>
  /** Lets time pass until something holds, or until a moment; whether it holds. */
  passUntil(holds: () => boolean, time: number, run: PassingRun): Promise<boolean>
  /** Lets so many microseconds pass. */
  sleep(duration: number): void
}

/** What goes on in a script while time passes. */
export interface PassingRun {
  /** Whether calls wait. */
  isWaiting(): boolean
  /** Is to be called whenever something may have come of them. */
  afterStep(): void
}
