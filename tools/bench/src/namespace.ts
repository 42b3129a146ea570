import { spawnSync } from 'node:child_process'

/** The stack's device: its own address, and the kernel's end of it. */
export const TUN = { name: 'bench0', stack: '10.99.0.2', kernel: '10.99.0.1' } as const
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

/** The start of a command line that runs in the other namespace. */
export function inFarNamespace(): string[] {
  return ['nsenter', `--net=/run/netns/${VETH.namespace}`]
}

/** The start of a command line that runs on one processor. */
export function onProcessor(processor: number): string[] {
  return ['taskset', '-c', String(processor)]
}
