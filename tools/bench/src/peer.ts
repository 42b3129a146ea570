import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { TcpResult, TcpTask } from './tcp-task.js'

const PEER_PROCESS = fileURLToPath(new URL('peer-process.js', import.meta.url))

/** What `peer-process.ts` is asked to be. */
export type Role =
  | { readonly role: 'tcp-kernel' }
  | {
      readonly role: 'tcp-stack'
      readonly device: string
      readonly addresses: readonly string[]
      readonly host: string
      readonly offload: boolean
    }
  | { readonly role: 'tcp-bare'; readonly device: string; readonly address: string; readonly host: string }
  | { readonly role: 'stack'; readonly device: string; readonly address: string; readonly host: string }
  | { readonly role: 'kernel'; readonly size: number }

/** What a peer for datagrams is asked to do. The answer is a number: datagrams for each second. */
export type Task =
  | {
      readonly task: 'send'
      readonly to: string
      readonly port: number
      readonly size: number
      readonly milliseconds: number
    }
  | { readonly task: 'receive'; readonly at: string; readonly port: number; readonly milliseconds: number }

/** A task under way. */
export interface Begun<Result> {
  readonly began: Promise<unknown>
  readonly done: Promise<Result>
}

/** One end of a measurement, in a process of its own. */
export class Peer {
  private readonly child: ChildProcess

  private constructor(child: ChildProcess) {
    this.child = child
  }

  /** Starts a peer and waits until it is ready. @param prefix puts it on a processor, or into a namespace */
  static async start(role: Role, prefix: readonly string[] = []): Promise<Peer> {
    const [program = '', ...args] = [...prefix, process.execPath, PEER_PROCESS, JSON.stringify(role)]
    const peer = new Peer(spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }))
    await peer.answer()
    return peer
  }

  /** Does a task; `began` resolves when a receiver is there. */
  begin(task: Task): Begun<number>
  begin(task: TcpTask): Begun<TcpResult>
  begin(task: Task | TcpTask): Begun<unknown> {
    this.child.send(task)
    const began = this.answer()
    return { began, done: began.then(() => this.answer()) }
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit')
    this.child.disconnect()
    await ended
  }

  private answer(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.child.off('message', message)
        this.child.off('exit', exit)
        this.child.off('error', reject)
      }
      const message = (value: unknown): void => {
        settle()
        resolve(value)
      }
      const exit = (code: number | null): void => {
        settle()
        reject(new Error(`a peer process ended with code ${String(code)}`))
      }
      this.child.on('message', message).on('exit', exit).on('error', reject)
    })
  }
}
