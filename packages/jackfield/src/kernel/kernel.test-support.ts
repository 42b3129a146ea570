/** What the tests against the kernel share: stacks in processes of their own, commands, captures. */
import { type ChildProcess, type ChildProcessWithoutNullStreams, type StdioOptions, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { IpAddress } from '@jackfield/addr'
import { afterAll, expect } from 'vitest'

/** The command line as people run it, from the built package. */
export const BIN: string = fileURLToPath(new URL('../../bin/jackfield.js', import.meta.url))

/** How a command ended and what it printed. */
export interface Finished {
  /** Exit status; null where a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** How a command is run. */
export interface CommandOptions {
  /** Written to its standard input, which is then closed. */
  readonly input?: string | Uint8Array | Readable
  /** Milliseconds after which it is killed and the call rejects. Default 60,000. */
  readonly timeout?: number
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>
}

/** A process whose output is gathered and can be waited for. */
export class Running {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<Finished>
  stdout = ''
  stderr = ''
  private readonly text: string

  constructor(file: string, parameters: readonly string[], options: CommandOptions = {}) {
    this.text = [file, ...parameters].join(' ')
    // The test runner's wish for colours is not that of what it starts.
    this.child = spawn(file, parameters, { env: { ...process.env, FORCE_COLOR: '', ...options.env } })
    this.child.stdout.setEncoding('latin1').on('data', (text: string) => {
      this.stdout += text
    })
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    // A command that does not read its input may be gone before it is written.
    this.child.stdin.on('error', () => undefined)
    const { input = '' } = options
    if (typeof input === 'string' || input instanceof Uint8Array) this.child.stdin.end(input)
    else input.pipe(this.child.stdin)
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject)
      this.child.on('close', (code, signal) => {
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr })
      })
    })
    this.ended.catch(() => undefined)
  }

  /** Waits for output, on either stream; rejects when the process ends or 30 s pass without it. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    let over = false
    const ended = this.ended.then(() => {
      over = true
    })
    for (let waited = 0; waited < 30_000; waited += 20) {
      const found = pattern.exec(this.stdout) ?? pattern.exec(this.stderr)
      if (found !== null) return found
      if (over) break
      await Promise.race([ended, sleep(20)])
    }
    throw new Error(`${this.text}: ${over ? 'ended' : 'waited'} without ${pattern}:\n${this.stdout}${this.stderr}`)
  }

  /** Sends a signal and waits for the end; a process that stays is killed after 30 s. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Finished> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal)
    return this.within(30_000)
  }

  /** The end, or a rejection when it takes longer; the process is killed then. */
  async within(timeout: number): Promise<Finished> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        this.child.kill('SIGKILL')
        reject(new Error(`${this.text}: not ended after ${timeout} ms:\n${this.stdout}${this.stderr}`))
      }, timeout)
    })
    try {
      return await Promise.race([this.ended, late])
    } finally {
      clearTimeout(timer)
    }
  }
}

/** Runs a command to its end, whatever its exit status. */
export function execute(file: string, parameters: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  return new Running(file, parameters, options).within(options.timeout ?? 60_000)
}

/** Runs a command that must succeed; gives what it printed. */
export async function run(file: string, ...parameters: string[]): Promise<string> {
  const { code, stdout, stderr } = await execute(file, parameters)
  if (code !== 0) throw new Error(`${[file, ...parameters].join(' ')}: exit status ${code}\n${stdout}${stderr}`)
  return stdout
}

/** `jackfield` with these arguments, to its end. */
export function jackfield(...parameters: string[]): Promise<Finished> {
  return execute(process.execPath, [BIN, ...parameters])
}

const stacks: Running[] = []

// A stack that a test did not stop itself is stopped in order, too.
afterAll(async () => {
  for (const { code, stderr } of await Promise.all(stacks.splice(0).map((stack) => stack.stop()))) {
    expect(stderr).toBe('')
    expect(code).toBe(0)
  }
})

/** `jackfield up` with these arguments, once it is ready. It is stopped after the tests of the file. */
export async function up(...parameters: string[]): Promise<Running> {
  const stack = new Running(process.execPath, [BIN, 'up', ...parameters])
  await stack.printed(/ready.*\n/)
  stacks.push(stack)
  return stack
}

/** `IFA_F_TENTATIVE` and `IFA_F_DADFAILED` of linux/if_addr.h. */
const [TENTATIVE, TAKEN] = [0x40, 0x08]

/** Whether any IPv6 address of the kernel's that is asked for is not to be used yet. */
function anyTentative(asked: (digits: string, device: string) => boolean): boolean {
  const lines = readFileSync('/proc/net/if_inet6', 'latin1').split('\n')
  return lines.some((line) => {
    const [digits = '', , , , flags = '', device = ''] = line.split(/ +/)
    return asked(digits, device) && (Number.parseInt(flags, 16) & (TENTATIVE | TAKEN)) === TENTATIVE
  })
}

const PROBES = 'net.ipv6.conf.default.dad_transmits'

/** How often the kernel probes the IPv6 addresses of devices that are made from now on: once, unless told otherwise. */
function setKernelProbes(count: 0 | 1): void {
  writeFileSync(`/proc/sys/${PROBES.replaceAll('.', '/')}`, String(count))
}

/** Settings of a stack that takes its IPv6 addresses to be its own without probing them. */
export const WITHOUT_PROBES: Readonly<Record<string, number>> = { [PROBES]: 0 }

/**
 * Makes a device whose IPv6 addresses the kernel uses at once. That nobody else has them takes a second or two to find out,
 * which is for the tests of just that.
 */
export function withoutKernelProbes<T>(make: () => T): T {
  setKernelProbes(0)
  try {
    return make()
  } finally {
    setKernelProbes(1)
    // Even so a thread of the kernel's has to look at them first: until then sockets can neither be bound to them nor use them.
    const nothing = new Int32Array(new SharedArrayBuffer(4))
    for (let waited = 0; waited < 2000 && anyTentative(() => true); waited++) Atomics.wait(nothing, 0, 0, 1)
  }
}

/** What `ip address add` is told for an IPv6 address that is used at once, as nobody else is there to have it. */
export function withoutProbing(address: string): string[] {
  return address.includes(':') ? ['nodad'] : []
}

/** `up`, and neither end probes its IPv6 addresses. */
export async function upAtOnce(...parameters: string[]): Promise<Running> {
  setKernelProbes(0)
  try {
    return await up(...parameters, '--sysctl', `${PROBES}=0`)
  } finally {
    setKernelProbes(1)
  }
}

let made = 0

/** A device and a subnet that no other test of the file has, of one IP version. */
export interface Place {
  /** Name of the device. */
  readonly name: string
  /** Address of the kernel's end, the first of the subnet. */
  readonly kernel: string
  /** Address of the stack, the second of the subnet. */
  readonly stack: string
  /** Length of the subnet's prefix: 24 of IPv4, 64 of IPv6. */
  readonly length: number
  /** The directed broadcast address of the subnet, where it is one of IPv4. */
  readonly broadcast: string
  /** Another address of the subnet. */
  host(number: number): string
  /** Arguments of `jackfield up`: the device and both ends' addresses. */
  readonly parameters: string[]
}

export function place(kind: 'tun' | 'tap', version: 4 | 6 = 4): Place {
  made++
  const name = `jf${kind}${made}`
  const subnet = made
  const host = (number: number): string => (version === 4 ? `10.77.${subnet}.${number}` : `fd77:${subnet}::${number}`)
  const length = version === 4 ? 24 : 64
  const ends = ['--address', `${host(2)}/${length}`, '--host-address', `${host(1)}/${length}`]
  return {
    name,
    kernel: host(1),
    stack: host(2),
    length,
    broadcast: host(255),
    host,
    parameters: [`--${kind}`, name, ...ends],
  }
}

/** An address as it stands before a colon and a port. */
export function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address
}

/** What the tests of one subject in both IP versions are called with. */
export const BOTH_VERSIONS: readonly { readonly version: 4 | 6 }[] = [{ version: 4 }, { version: 6 }]

/** Waits until the kernel uses its addresses on a device: on Ethernet it first finds out that nobody else has them. */
export async function kernelSettled(device: string): Promise<void> {
  await until(() => !anyTentative((_, name) => name === device), `the kernel's addresses on ${device}`)
}

/** Waits until sockets of the kernel may be bound to an address: one of IPv6 may be so an instant after it was added only. */
export async function kernelUses(address: string): Promise<void> {
  if (!address.includes(':')) return
  const own = Buffer.from(IpAddress.parse(address).toBytes()).toString('hex')
  await until(() => !anyTentative((digits) => digits === own), `the kernel to use ${address}`)
}

/** The kernel's link-local address on a device. */
export async function kernelLinkLocal(device: string): Promise<string> {
  const shown = async (): Promise<string> => run('ip', '-6', 'address', 'show', 'dev', device, 'scope', 'link')
  let found: string | undefined
  await until(async () => {
    found = /inet6 (fe80:[0-9a-f:]+)\/64/.exec(await shown())?.[1]
    return found !== undefined
  }, `a link-local address on ${device}`)
  return found ?? ''
}

/**
 * `ping -f` with these arguments. ping itself hardly waits for the last answers, which a busy machine may delay: the
 * kernel's own count of echo replies is asked until all are there.
 */
export async function flood(count: number, ...parameters: string[]): Promise<{ sent: number; answered: number }> {
  const version = parameters.includes('-6') ? 6 : 4
  const before = echoReplies(version)
  const { sent } = await ping('-f', '-c', String(count), ...parameters)
  await until(() => echoReplies(version) - before >= count, `${count} echo replies`)
  return { sent, answered: echoReplies(version) - before }
}

/** `IcmpInEchoReps` or `Icmp6InEchoReplies` of this network namespace. */
function echoReplies(version: 4 | 6): number {
  if (version === 6) return Number(/^Icmp6InEchoReplies\s+(\d+)/m.exec(readFileSync('/proc/net/snmp6', 'utf8'))?.[1])
  const [names = '', values = ''] = readFileSync('/proc/net/snmp', 'utf8').match(/^Icmp:.*$/gm) ?? []
  return Number(values.split(' ')[names.split(' ').indexOf('InEchoReps')])
}

/** What ping counted. */
export interface PingResult {
  readonly sent: number
  readonly received: number
  /** All that it printed. */
  readonly output: string
}

/**
 * `ping -q` with these arguments. It waits for the last answer as long as its interval (1 s), or twice as long as one
 * took: so rather give -l than a short -i.
 */
export async function ping(...parameters: string[]): Promise<PingResult> {
  const { stdout, stderr } = await execute('ping', ['-q', ...parameters], { timeout: 110_000 })
  const found = /(\d+) packets transmitted, (\d+) received/.exec(stdout)
  if (found === null) throw new Error(`ping ${parameters.join(' ')}: ${stdout}${stderr}`)
  return { sent: Number(found[1]), received: Number(found[2]), output: stdout + stderr }
}

/** tcpdump on a device, once it listens; `sniff` is for user namespaces, too. */
export async function tcpdump(device: string, ...parameters: string[]): Promise<Running> {
  const sniffer = new Running('tcpdump', ['-Z', 'root', '-i', device, '-l', '-n', '-t', ...parameters])
  await sniffer.printed(/listening on/)
  return sniffer
}

/** What crosses a device, in tcpdump's words. */
export class Sniffer {
  private readonly capturing: ChildProcess
  private readonly reading: Running
  private said = ''

  constructor(device: string, filter: string, options: readonly string[]) {
    // tcpdump as root insists on becoming another user, which a user namespace does not have: so dumpcap captures, and
    // tcpdump reads without being root.
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe']
    this.capturing = spawn('dumpcap', ['-q', '-i', device, '-f', filter, '-w', '-'], { stdio })
    this.capturing.stderr?.on('data', (text) => {
      this.said += text
    })
    this.capturing.on('error', (error) => {
      this.said += error.message
    })
    const reader = ['--user', 'tcpdump', '-l', '-n', '-t', ...options, '-r', '-']
    this.reading = new Running('unshare', reader, { input: this.capturing.stdout ?? '' })
  }

  /** Waits until it captures. */
  async listening(): Promise<void> {
    const ended = (): boolean => this.capturing.exitCode !== null || this.capturing.pid === undefined
    await until(() => this.said.includes('File: -') || ended(), 'dumpcap')
    if (ended()) throw new Error(`dumpcap: ${this.said}`)
  }

  /** Waits for lines. */
  printed(pattern: RegExp): Promise<RegExpExecArray> {
    return this.reading.printed(pattern)
  }

  /** Ends the capture: all lines of it. */
  async stop(): Promise<string> {
    this.capturing.kill('SIGINT')
    return (await this.reading.within(30_000)).stdout
  }
}

/**
 * tcpdump on a device, once it captures. Lines have no time stamps and no names.
 * @param filter as in pcap-filter(7), or empty
 * @param options of tcpdump, as `-v`
 */
export async function sniff(device: string, filter: string, ...options: string[]): Promise<Sniffer> {
  const sniffer = new Sniffer(device, filter, options)
  await sniffer.listening()
  return sniffer
}

/** Waits until something holds; rejects after 20 s. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let waited = 0; waited < 20_000; waited += 20) {
    if (await holds()) return
    await sleep(20)
  }
  throw new Error(`waited in vain for ${what}`)
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
