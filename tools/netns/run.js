#!/usr/bin/env node
// Runs a command in a network namespace of its own, as root or without: `node tools/netns/run.js vitest run --project kernel`.
// Everything made inside goes when the command ends. Where that is not possible it says why and exits with 0,
// or with 1 where the environment variable CI is set: there nothing may be left out.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'

const command = process.argv.slice(2)
if (command.length === 0) {
  console.error('usage: node tools/netns/run.js COMMAND [ARGUMENT ...]')
  process.exit(2)
}

/** Why no namespace with a TUN device can be had here; null where it can. */
function obstacle() {
  if (process.platform !== 'linux') return 'network namespaces are a feature of Linux'
  if (!existsSync('/dev/net/tun')) return '/dev/net/tun is missing (try: modprobe tun)'
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK)
  } catch {
    return '/dev/net/tun may not be opened by this user (try: sudo chmod 666 /dev/net/tun)'
  }
  const trial = spawnSync('unshare', [...namespace(), 'ip', 'link', 'set', 'lo', 'up'], { encoding: 'utf8' })
  if (trial.error !== undefined) return 'the command unshare is missing (package util-linux)'
  return trial.status === 0 ? null : `no namespace could be made: ${trial.stderr.trim()}`
}

/** Options of unshare(1): without root a user namespace gives the rights. */
function namespace() {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  return [...user, '--net', '--mount', '--fork', '--kill-child']
}

const reason = obstacle()
if (reason !== null) {
  console.error(`not run, ${reason}: ${command.join(' ')}`)
  process.exit(process.env.CI ? 1 : 0)
}

// Named namespaces (`ip netns`) live under /run: one of its own keeps them apart and takes them away at the end.
const script = 'mount -t tmpfs tmpfs /run && ip link set lo up && exec "$@"'
const child = spawnSync('unshare', [...namespace(), 'sh', '-c', script, 'sh', ...command], { stdio: 'inherit' })
process.exit(child.status ?? 1)
