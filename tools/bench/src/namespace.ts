import { spawnSync } from 'node:child_process'

/** The stack's device: its own address, and the kernel's end of it. */
export const TUN = { name: 'bench0', stack: '10.99.0.2', kernel: '10.99.0.1' } as const
/** The same for TCP: with the device's offloads, without them, and for the bare program. */
export const TCP_DEVICES = {
  offload: { name: 'bench1', stack: '10.97.1.2', kernel: '10.97.1.1', stack6: 'fd97:1::2', kernel6: 'fd97:1::1' },
  plain: { name: 'bench2', stack: '10.97.2.2', kernel: '10.97.2.1', stack6: 'fd97:2::2', kernel6: 'fd97:2::1' },
  bare: { name: 'bench3', stack: '10.97.3.2', kernel: '10.97.3.1', stack6: 'fd97:3::2', kernel6: 'fd97:3::1' },
} as const
/** A veth pair, one end of it in another namespace: the kernel on both. */
export const VETH = { near: '10.98.0.1', far: '10.98.0.2', namespace: 'far' } as const

/** Runs a command of the system; throws with what it said where it fails. Returns what it printed. */
export function command(program: string, ...args: string[]): string {
  const done = spawnSync(program, args, { encoding: 'utf8' })
  if (done.error !== undefined) throw new Error(`the command ${program} is missing`)
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${done.stderr.trim() || done.stdout.trim()}`)
  return done.stdout
}

/** Makes a second namespace and a veth pair to it, with the kernel's usual offloads. All goes with the outer namespace. */
export function makeVeth(): void {
  const { near, far, namespace } = VETH
  command('ip', 'netns', 'add', namespace)
  command('ip', 'link', 'add', 'near0', 'type', 'veth', 'peer', 'name', 'far0', 'netns', namespace)
  command('ip', 'address', 'add', `${near}/24`, 'dev', 'near0')
  command('ip', 'link', 'set', 'near0', 'up')
  command('ip', '-n', namespace, 'address', 'add', `${far}/24`, 'dev', 'far0')
  command('ip', '-n', namespace, 'link', 'set', 'far0', 'up')
  command('ip', '-n', namespace, 'link', 'set', 'lo', 'up')
}

/**
 * Gives the kernel's routes by a device CUBIC, as the stack has it: a kernel that paces (BBR) would hide every other limit.
 * (The sysctl is refused in a namespace.)
 */
export function useCubic(device: string, network: string, source: string, namespace?: string): void {
  const where = namespace === undefined ? [] : ['-n', namespace]
  const route = [network, 'dev', device, 'proto', 'kernel', 'scope', 'link', 'src', source, 'congctl', 'cubic']
  command('ip', ...where, 'route', 'replace', ...route)
}

/** Gives the kernel's end of a device an IPv6 address besides, and its route CUBIC. */
export function addIpv6(device: string, address: string): void {
  command('ip', 'address', 'add', `${address}/64`, 'dev', device, 'nodad', 'noprefixroute')
  command('ip', 'route', 'replace', address.replace(/\d+$/, '/64'), 'dev', device, 'src', address, 'congctl', 'cubic')
}

/** The start of a command line that runs in the other namespace. */
export function inFarNamespace(): string[] {
  return ['nsenter', `--net=/run/netns/${VETH.namespace}`]
}

/** The start of a command line that runs on one processor. */
export function onProcessor(processor: number): string[] {
  return ['taskset', '-c', String(processor)]
}
