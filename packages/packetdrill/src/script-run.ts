import { SocketError } from '@jackfield/sockets'
import { PythonRunner } from './code/python-run.js'
import { PythonError } from './code/python-tokens.js'
import { CODE_CONSTANTS, tcpInfoNames } from './code/tcp-info.js'
import { type CommandRun, runCommands } from './commands.js'
import type { Configuration } from './configuration.js'
import { FileTable } from './file-table.js'
import { inboundBytes } from './inbound.js'
import { checkOutbound } from './outbound.js'
import type { CodeSpec, CommandSpec, EventTime, PacketSpec, ScriptEvent, SyscallSpec } from './script.js'
import { ScriptError } from './script-error.js'
import { SocketBook } from './socket-book.js'
import type { PassingRun, Subject, SubjectSockets } from './subject.js'
import { symbolValue } from './symbols.js'
import type { CallRun } from './syscalls/call.js'
import { RunningCall } from './syscalls/running-call.js'
import { type DueTime, verifyTime } from './verify-time.js'

const SOL_TCP = symbolValue('SOL_TCP') as number
const TCP_INFO = symbolValue('TCP_INFO') as number

/** What a run tells of. */
export interface RunListener {
  print(line: string): void
  /** A fault that `--non_fatal` lets pass. */
  warn(fault: ScriptError): void
  readFile(path: string): string | undefined
}

/** One script on its way: what is shared by its events. */
export class ScriptRun implements CallRun, PassingRun {
  readonly subject: Subject
  readonly configuration: Configuration
  readonly files: FileTable = new FileTable()
  readonly book: SocketBook
  private readonly listener: RunListener
  private readonly python: PythonRunner
  /** Calls that block, with the times at which they are to return. */
  private blocked: { call: RunningCall; due: DueTime; since: number }[] = []
  /** When the script began, on the subject's clock. */
  private startTime: number
  /** When the event at hand was begun, of the script. */
  private since = 0
  /** When the event before it was done: what relative times count from. */
  private done = 0

  constructor(subject: Subject, configuration: Configuration, listener: RunListener) {
    this.subject = subject
    this.configuration = configuration
    this.listener = listener
    this.book = new SocketBook(subject.sockets, configuration)
    this.startTime = subject.time.now()
    this.python = new PythonRunner((line) => listener.print(line))
    for (const [name, value] of Object.entries(CODE_CONSTANTS)) this.python.set(name, value)
  }

  /** When the script began, microseconds since 1970. */
  get wallStart(): number {
    const { time } = this.subject
    return time.wallTime() - (time.now() - this.startTime)
  }

  get sockets(): SubjectSockets {
    return this.subject.sockets
  }

  /** Microseconds since the script began. */
  get now(): number {
    return this.subject.time.now() - this.startTime
  }

  /** Lets the script's time begin: what came before, as its first commands, is not counted. */
  begin(): void {
    this.startTime = this.subject.time.now()
    this.done = 0
  }

  isWaiting(): boolean {
    return this.blocked.length > 0
  }

  /** Checks the blocked calls that have returned. */
  afterStep(): void {
    const returned = this.blocked.filter(({ call }) => call.returned !== null)
    if (returned.length === 0) return
    this.blocked = this.blocked.filter(({ call }) => call.returned === null)
    for (const { call, due, since } of returned) {
      call.check()
      try {
        this.verify(due, (call.returned ?? 0) - this.startTime, 'system call return', call.spec.line, since)
      } catch (error) {
        this.passOrThrow(error, call.spec.line)
      }
    }
  }

  /** One event, at its time. */
  async event({ time, action, line }: ScriptEvent): Promise<void> {
    const due = this.dueTime(time)
    this.since = this.done
    try {
      if (action.kind === 'packet' && action.direction === 'outbound') this.done = await this.outbound(action, due)
      else {
        await this.waitFor(due)
        // What it brings about may come before it is known to be done.
        this.done = this.now
        if (action.kind === 'packet') await this.inbound(action, due)
        else if (action.kind === 'syscall') await this.syscall(action, due, time.relative)
        else {
          if (action.kind === 'command') this.command(action)
          else this.code(action)
          this.done = this.now
        }
      }
    } catch (error) {
      this.passOrThrow(error, line)
    }
  }

  /** Waits for the calls that block. */
  async finish(): Promise<void> {
    for (let first = this.blocked[0]; first !== undefined; first = this.blocked[0]) {
      const { call, due } = first
      const settled = (): boolean => call.returned !== null || !this.blocked.includes(first)
      if (!(await this.subject.time.passUntil(settled, this.latest(due), this))) {
        throw new ScriptError(
          'system call',
          call.spec.line,
          `runtime error in ${call.spec.name} call: it never returned`,
        )
      }
      this.afterStep()
    }
  }

  /** Runs a command outside of events. */
  command(spec: CommandSpec): void {
    const run: CommandRun = {
      subject: this.subject,
      readFile: (path) => this.listener.readFile(path),
      print: (line) => this.listener.print(line),
      sleep: (seconds) => this.subject.time.sleep(seconds * 1e6),
    }
    try {
      runCommands(spec.text, run)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw new ScriptError('command', spec.line, `\`${spec.text}\`: ${message}`, false, error)
    }
  }

  private dueTime(time: EventTime): DueTime {
    const base = time.relative ? this.done : 0
    return { any: time.any, range: time.range, start: base + time.start, end: base + time.end }
  }

  private async waitFor(due: DueTime): Promise<void> {
    await this.subject.time.passTo(this.startTime + due.start, this)
  }

  /** How long a call is waited for that is to return at a time. */
  private latest({ end }: DueTime): number {
    return this.startTime + end + this.lateness(end - this.since) + this.subject.time.patience
  }

  private verify(due: DueTime, actual: number, what: string, line: number, since = this.since): void {
    const late = verifyTime(due, actual, since, what, this.configuration, this.lateness)
    if (late !== null) throw new ScriptError('system call', line, late, true)
  }

  private async inbound(packet: PacketSpec, due: DueTime): Promise<void> {
    this.verify(due, this.now, 'inbound packet', packet.line)
    this.subject.inject(inboundBytes(packet, this.book, this.configuration))
    if (this.isWaiting()) await this.subject.time.settle()
    this.afterStep()
  }

  /** When the packet was sent. */
  private async outbound(packet: PacketSpec, due: DueTime): Promise<number> {
    const { book, configuration, startTime, subject } = this
    const { sent, time } = subject
    const waitForPacket = (until: number): Promise<boolean> => {
      const count = sent.length
      return time.passUntil(() => sent.length > count, startTime + until, this)
    }
    return checkOutbound(packet, due, this.since, {
      book,
      configuration,
      sent,
      startTime,
      patience: time.patience,
      lateness: this.lateness,
      waitForPacket,
    })
  }

  private async syscall(spec: SyscallSpec, due: DueTime, relative: boolean): Promise<void> {
    this.verify(due, this.now, 'system call start', spec.line)
    const since = this.now
    const call = new RunningCall(spec, this, () => this.subject.time.now())
    await this.subject.time.settle()
    if (spec.end !== null) {
      const end = relative ? this.since + spec.end : spec.end
      this.blocked.push({ call, since, due: { any: false, range: false, start: end, end } })
      this.afterStep()
      return
    }
    if (call.returned === null) {
      // Others may wait with it; both get their turns.
      const entry = { call, since, due }
      this.blocked.push(entry)
      const until = this.latest(due)
      const others: PassingRun = { isWaiting: () => true, afterStep: () => {} }
      const returned = await this.subject.time.passUntil(() => call.returned !== null, until, others)
      this.blocked = this.blocked.filter((each) => each !== entry)
      if (!returned) {
        const hint = `a call that blocks has the time of its return, as in 0.1...0.2 ${spec.name}(...)`
        throw new ScriptError(
          'system call',
          spec.line,
          `runtime error in ${spec.name} call: it did not return (${hint})`,
        )
      }
    }
    call.check()
    const returned = (call.returned ?? 0) - this.startTime
    this.verify(due, returned, 'system call return', spec.line)
    this.afterStep()
  }

  readonly lateness = (duration: number): number => this.subject.time.lateness(duration)

  private code(spec: CodeSpec): void {
    this.readTcpInfo(spec.line)
    try {
      this.python.run(spec.text)
    } catch (error) {
      if (!(error instanceof PythonError)) throw error
      throw new ScriptError('code', spec.line + error.line, `${error.exception}: ${error.message}`)
    }
  }

  /** Gives the code the `TCP_INFO` of the socket under test, if it has a descriptor. */
  private readTcpInfo(line: number): void {
    const socket = this.book.underTest
    if (socket === null || socket.liveFd < 0 || socket.protocol !== 'tcp') return
    try {
      const info = this.sockets.getsockopt(socket.liveFd, SOL_TCP, TCP_INFO)
      for (const [name, value] of tcpInfoNames(info)) this.python.set(name, value)
    } catch (error) {
      if (!(error instanceof SocketError)) throw error
      throw new ScriptError('code', line, `cannot read TCP_INFO: ${error.message}`)
    }
  }

  /** Lets a fault of timing pass where `--non_fatal` says so; throws others, with the line of the event. */
  private passOrThrow(error: unknown, line: number): void {
    if (error instanceof ScriptError && error.warning) {
      const what = error.kind === 'packet' ? 'packet' : 'syscall'
      if (this.configuration.nonFatal.has(what)) {
        this.listener.warn(error)
        return
      }
    }
    if (error instanceof ScriptError) throw error
    throw new EventFailure(line, error)
  }
}

/** What is no fault of the script but of the stack, with the line of the event at which it came. */
export class EventFailure extends Error {
  readonly line: number

  constructor(line: number, cause: unknown) {
    super('the stack failed', { cause })
    this.line = line
  }
}
