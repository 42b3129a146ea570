/** The same socket calls on the kernel and on a stack that has the same interfaces: what each of them gave, to be compared. */
import { fileURLToPath } from 'node:url'
import { IpAddress, type SocketAddress } from '@jackfield/addr'
import { createSeededRandom, createVirtualClock, type VirtualClock } from '@jackfield/clock'
import type { ControlMessage, ExtendedError, PacketInfo, PathMtu } from '@jackfield/interfaces'
import { createCable } from '@jackfield/link'
import { SO_DOMAIN, SOL_SOCKET, SocketError } from '@jackfield/sockets'
import { createHost, type Host } from '../create-host.js'
import { execute, run } from './kernel.test-support.js'

/** An interface by its name; a number is an index that nobody has. */
type Zone = string | number
type Place = readonly [host: string, port: number, zone?: Zone]

/** The value of an option or control message. */
export type CallValue =
  | number
  | { readonly hex: string }
  | { readonly text: string }
  | { readonly address4: string }
  | { readonly pktinfo: readonly [address: string, zone: Zone] }
  | { readonly pktinfo4: readonly [address: string, zone: Zone] }
  | { readonly mreq6: readonly [group: string, zone: Zone] }
  | { readonly mreq4: readonly [group: string, zone: Zone] }

/** One call; sockets have names. */
export type Call =
  | readonly ['socket', name: string, family: number, type: number, protocol?: number]
  | readonly ['bind', name: string, ...at: Place]
  | readonly ['connect', name: string, ...to: Place]
  | readonly ['connect', name: string, nobody: null]
  | readonly ['send', name: string, to: Place | null, length: number, control: readonly ControlCall[]]
  | readonly ['receive' | 'error' | 'listen' | 'name' | 'peer' | 'close', name: string]
  | readonly ['accept', name: string, accepted: string]
  | readonly ['set', name: string, level: number, option: number, value: CallValue]
  | readonly ['get', name: string, level: number, option: number, length?: number]
  | readonly ['wait', milliseconds: number]

type ControlCall = readonly [level: number, type: number, value: CallValue]

/** The address of both machines on `cmp0`, and of a neighbour there that answers nothing. */
export const OWN4 = '10.90.0.1'
export const OWN6 = 'fd90::1'
export const OWN_LINK_LOCAL = 'fe80::90:1'
export const NEIGHBOR4 = '10.90.0.2'
export const NEIGHBOR6 = 'fd90::2'
export const NEIGHBOR_LINK_LOCAL = 'fe80::90:2'
const NEIGHBOR_HARDWARE = '02:00:00:00:90:02'
const SMALL_MTU = 1400

/** Who may have ICMP datagram sockets, and that nobody may, as it is by default: `ping` has raw ones then. */
const PING_GROUPS = 'net.ipv4.ping_group_range'
const NOBODY = '1 0'

/** Takes back what `prepareKernel` did. */
export async function restoreKernel(): Promise<void> {
  await run('sysctl', '-qw', `${PING_GROUPS}=${NOBODY}`)
  await run('ip', 'link', 'delete', 'cmp0')
}

/** Gives the kernel of this namespace the interface `cmp0`. */
export async function prepareKernel(): Promise<void> {
  await run('ip', 'link', 'add', 'cmp0', 'type', 'veth', 'peer', 'name', 'cmp1')
  for (const name of ['cmp0', 'cmp1']) {
    await run('sysctl', '-qw', `net.ipv6.conf.${name}.addr_gen_mode=1`, `net.ipv6.conf.${name}.accept_dad=0`)
    await run('ip', 'link', 'set', name, 'mtu', String(SMALL_MTU), 'up')
  }
  await run('sysctl', '-qw', `${PING_GROUPS}=0 0`)
  // Its other end is no link of this machine's.
  await run('sysctl', '-qw', 'net.ipv6.conf.cmp1.disable_ipv6=1')
  for (const prefix of [`${OWN4}/24`, `${OWN6}/64`, `${OWN_LINK_LOCAL}/64`]) {
    await run('ip', 'address', 'add', prefix, 'dev', 'cmp0', ...(prefix.includes(':') ? ['nodad'] : []))
  }
  for (const address of [NEIGHBOR4, NEIGHBOR6, NEIGHBOR_LINK_LOCAL]) {
    await run('ip', 'neighbor', 'add', address, 'lladdr', NEIGHBOR_HARDWARE, 'dev', 'cmp0', 'nud', 'permanent')
  }
}

/** What each call of each case gave on the kernel. */
export async function onKernel(cases: readonly (readonly Call[])[]): Promise<unknown[][]> {
  const program = fileURLToPath(new URL('./socket-calls.py', import.meta.url))
  const { code, stdout, stderr } = await execute('python3', [program], { input: JSON.stringify(cases) })
  if (code !== 0) throw new Error(`socket-calls.py: ${stderr}`)
  return JSON.parse(stdout) as unknown[][]
}

/** The same on a stack of its own for each case. */
export async function onStack(cases: readonly (readonly Call[])[]): Promise<unknown[][]> {
  const results: unknown[][] = []
  for (const calls of cases) {
    const machine = new Machine()
    results.push(calls.map((call) => machine.result(call)))
    await machine.close()
  }
  return results
}

class Machine {
  private readonly clock: VirtualClock = createVirtualClock()
  private readonly host: Host
  private readonly sockets = new Map<string, { fd: number; family: number }>()

  constructor() {
    const { clock } = this
    const random = createSeededRandom('calls')
    const cable = createCable({ clock, random, medium: 'ethernet', mtu: SMALL_MTU, names: ['cmp0', 'cmp1'] })
    this.host = createHost({
      clock,
      random,
      sysctl: { 'net.ipv6.conf.default.addr_gen_mode': 1, 'net.ipv6.conf.default.accept_dad': 0 },
      interfaces: [{ device: cable.a, addresses: [`${OWN4}/24`, `${OWN6}/64`, `${OWN_LINK_LOCAL}/64`] }],
    })
    for (const address of [NEIGHBOR4, NEIGHBOR6, NEIGHBOR_LINK_LOCAL]) {
      this.host.setNeighbor('cmp0', address, NEIGHBOR_HARDWARE)
    }
    clock.advance(2e6)
  }

  close(): Promise<void> {
    return this.host.close()
  }

  result(call: Call): unknown {
    try {
      return this.make(call) ?? null
    } catch (error) {
      if (error instanceof SocketError) return error.code
      throw error
    }
  }

  private make(call: Call): unknown {
    const { sockets } = this.host
    switch (call[0]) {
      case 'wait':
        this.clock.advance(call[1] * 1000)
        return null
      case 'socket':
        this.sockets.set(call[1], { fd: sockets.socket(call[2], call[3], call[4]), family: call[2] })
        return null
    }
    const { fd, family } = this.sockets.get(call[1]) as { fd: number; family: number }
    switch (call[0]) {
      case 'bind':
        return sockets.bind(fd, this.address(call[2], call[3], call[4]))
      case 'connect':
        return sockets.connect(fd, call[2] === null ? null : this.address(call[2], call[3] as number, call[4]))
      case 'listen':
        return sockets.listen(fd, 5)
      case 'accept': {
        const peer = sockets.createAddress(family) as SocketAddress
        this.sockets.set(call[2], { fd: sockets.accept(fd, peer), family })
        return this.shown(peer)
      }
      case 'send': {
        const [, , to, length, ancillary] = call
        const control = ancillary.map(
          ([level, type, value]) => ({ level, type, data: this.decoded(value) }) as ControlMessage,
        )
        const iov = new Uint8Array(length).fill(120)
        return sockets.sendmsg(fd, to === null ? { iov, control } : { iov, control, name: this.address(...to) })
      }
      case 'receive':
        return this.received(fd, 0)
      case 'error':
        return this.received(fd, 0x2000)
      case 'name':
        return this.shown(sockets.getsockname(fd) as SocketAddress)
      case 'peer':
        return this.shown(sockets.getpeername(fd) as SocketAddress)
      case 'set':
        return sockets.setsockopt(fd, call[2], call[3], this.decoded(call[4]) as number)
      case 'get':
        return this.encoded(sockets.getsockopt(fd, call[2], call[3]))
      default:
        sockets.close(fd)
        this.sockets.delete(call[1])
        return null
    }
  }

  private received(fd: number, flags: number): unknown {
    const { sockets } = this.host
    const buffer = new Uint8Array(2000)
    const name = sockets.createAddress(sockets.getsockopt(fd, SOL_SOCKET, SO_DOMAIN) as number) as SocketAddress
    name.port = -1
    const control: ControlMessage[] = []
    const length = sockets.recvmsg(fd, { iov: buffer, name, control }, flags)
    const data = String.fromCharCode(...buffer.subarray(0, length))
    const messages = control.map(({ level, type, data }) => [level, type, this.encoded(data)])
    const sorted = messages.sort(
      (a, b) => ((a[0] as number) - (b[0] as number)) * 1000 + (a[1] as number) - (b[1] as number),
    )
    return { data, from: name.port === -1 ? null : this.shown(name), control: sorted }
  }

  private index(zone: Zone): number {
    return typeof zone === 'number' ? zone : (this.host.stack.interfaceByName(zone)?.index ?? 0)
  }

  private zone(index: number): Zone {
    return index === 0 ? 0 : (this.host.stack.interfaceByIndex(index)?.name ?? index)
  }

  private address(address: string, port: number, zone: Zone = 0): { address: string; port: number; scopeId?: number } {
    return zone === 0 ? { address, port } : { address, port, scopeId: this.index(zone) }
  }

  /** As the kernel's program shows it. */
  private shown({ family, address, port, scopeId }: SocketAddress): string {
    const shownPort = port >= 32_768 ? '*' : port
    if (family === 2) return `${address}:${shownPort}`
    const text = address.version === 4 ? `::ffff:${address}` : `${address}`
    return scopeId === 0 ? `[${text}]:${shownPort}` : `[${text}%${this.zone(scopeId)}]:${shownPort}`
  }

  private decoded(value: CallValue): unknown {
    if (typeof value === 'number') return value
    if ('hex' in value) return Uint8Array.from(value.hex.match(/../g) ?? [], (octet) => Number.parseInt(octet, 16))
    if ('text' in value) return value.text
    if ('address4' in value) return value.address4
    if ('mreq6' in value) return { group: value.mreq6[0], interface: this.index(value.mreq6[1]) }
    if ('mreq4' in value) return { group: value.mreq4[0], interface: this.index(value.mreq4[1]) }
    const [address, zone] = 'pktinfo' in value ? value.pktinfo : value.pktinfo4
    return { address: IpAddress.parse(address), interfaceIndex: this.index(zone) }
  }

  private encoded(value: unknown): unknown {
    if (typeof value === 'number') return value | 0
    if (typeof value !== 'object' || value === null) return value
    if (value instanceof Uint8Array && value.length === 4) return new DataView(value.buffer).getInt32(0, true)
    if (value instanceof Uint8Array) return Array.from(value, (octet) => octet.toString(16).padStart(2, '0')).join('')
    if ('origin' in value) {
      const { errno, origin, type, code, info, offender } = value as ExtendedError
      const error = new SocketError(errno, '').code
      return { error, origin, type, code, info, offender: offender === null ? null : this.shown(offender) }
    }
    if ('interfaceIndex' in value) {
      const { address, interfaceIndex, specific } = value as PacketInfo
      const told = { address: `${address}`, interface: this.zone(interfaceIndex) }
      return specific === undefined ? told : { ...told, specific: `${specific}` }
    }
    if ('mtu' in value) return { mtu: (value as PathMtu).mtu, to: this.shown((value as PathMtu).destination) }
    return this.shown(value as SocketAddress)
  }
}
