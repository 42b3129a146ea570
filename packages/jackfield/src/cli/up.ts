import { setTimeout as sleep } from 'node:timers/promises'
import type { AddressEntry } from '@jackfield/ipv6'
import { capture, PcapngWriter } from '@jackfield/pcap'
import { Command } from 'commander'
import { createHost, type Host } from '../create-host.js'
import type { Service } from '../services/services.js'
import { CaptureFile } from './capture-file.js'
import { insideNamespace, reexecute, runCommand } from './rootless.js'
import { serveRequest } from './serve-request.js'
import { parseAddress, parseMtu, parsePrefix, parseServices, parseSysctl, type UpOptions } from './up-options.js'

const EXAMPLES = `
Examples:
  jackfield up --tun tun0 --address 10.9.0.2/24 --host-address 10.9.0.1/24 --services echo,discard
  jackfield up --tun tun0 --address fd00::2/64 --address 10.9.0.2/24 --host-address fd00::1/64 --gateway fd00::1
  jackfield up --tap tap0 --address 10.9.0.2/24 --host-address 10.9.0.1/24 --pcap trace.pcapng
  jackfield up --tun tun0 --address 10.9.0.2/24 --host-address 10.9.0.1/24 --rootless -- ping -c 3 10.9.0.2

Services, on their assigned ports:
  echo 7, discard 9, daytime 13, chargen 19    the small services of old, by TCP and UDP
  http=DIR 80     files of DIR by GET and HEAD, with ranges; what PUT and POST bring is counted and thrown away
  iperf3 5201     tests of stock iperf3 clients, by TCP and UDP, one at a time

It runs until SIGINT or SIGTERM, or with --rootless until COMMAND ends; then its exit status is COMMAND's.`

/** Milliseconds after which an address whose link does not come up is waited for no longer. */
const MOST_PROBING = 5000

/** `jackfield up`: a host on a real device. */
export function upCommand(): Command {
  return new Command('up')
    .summary('bring up a stack on a TUN or TAP device')
    .description('Brings up a stack on a TUN or TAP device and prints a line with "ready" when it answers.')
    .usage('(--tun IF | --tap IF) --address A/LEN [options] [--rootless -- COMMAND ...]')
    .option('--tun <if>', 'TUN device to open or create (IP packets)')
    .option('--tap <if>', 'TAP device to open or create (Ethernet frames)')
    .requiredOption(
      '--address <a/len>',
      "the stack's address with its prefix length; may be repeated, IPv4 and IPv6",
      parsePrefix,
    )
    .option('--gateway <g>', "the stack's router for everything else; one for each IP version", parseAddress)
    .option('--host-address <a/len>', "give the kernel's end of the device this address and bring it up", parsePrefix)
    .option('--mtu <n>', 'MTU of the device, bytes', parseMtu)
    .option('--services <list>', 'what to serve, separated by commas: see below', parseServices)
    .option('--sysctl <name=value>', 'a setting of the stack, as net.ipv4.ip_forward=1; may be repeated', parseSysctl)
    .option('--no-offload', 'no checksum or segmentation offload on the device')
    .option('--pcap <file>', 'write what crosses the device to FILE (pcapng)')
    .option('--name <name>', 'name of the stack in what is printed', 'jackfield')
    .option('--rootless', 'run in a user and network namespace of its own, with COMMAND inside')
    .argument('[command...]', 'with --rootless: what to run beside the stack; default: $SHELL')
    .addHelpText('after', EXAMPLES)
    .passThroughOptions()
    .action(async (command: string[], options: UpOptions, self: Command) => {
      if ((options.tun === undefined) === (options.tap === undefined)) {
        self.error('error: give either --tun IF or --tap IF', { exitCode: 2 })
      }
      if (command.length > 0 && options.rootless !== true) {
        self.error('error: a COMMAND goes with --rootless', { exitCode: 2 })
      }
      process.exitCode =
        options.rootless === true && !insideNamespace() ? await reexecute() : await up(options, command)
    })
}

/** Brings the stack up, waits for the end, takes it down. Returns the exit status. */
async function up(options: UpOptions, command: readonly string[]): Promise<number> {
  const file = options.pcap === undefined ? null : new CaptureFile(options.pcap)
  const writer = file === null ? null : new PcapngWriter(file.sink)
  const host = createHost({ name: options.name })
  const services: Service[] = []
  const { sysctl = [] } = options
  try {
    for (const [name, value] of sysctl) if (!isOfDevice(name, options)) host.stack.sysctl.set(name, value)
    await addDevice(host, options, writer)
    for (const [name, value] of sysctl) if (isOfDevice(name, options)) host.stack.sysctl.set(name, value)
    await addressesSettled(host, options)
    for (const request of options.services ?? []) services.push(serveRequest(host, request))
    const stopped = stopSignal()
    announce(host, options, services)
    if (options.rootless !== true) {
      await stopped
      return 0
    }
    return await runCommand(command.length > 0 ? command : [process.env['SHELL'] ?? '/bin/sh'])
  } finally {
    for (const service of services) service.close()
    await host.close()
    writer?.close()
    file?.close()
  }
}

async function addDevice(host: Host, options: UpOptions, writer: PcapngWriter | null): Promise<void> {
  // The driver is an optional dependency: only this command needs it.
  const { configureInterface, openTap, openTun } = await import('@jackfield/tun-driver').catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error
    throw new Error('the package @jackfield/tun-driver is not installed: npm install @jackfield/tun-driver')
  })
  const { hostAddress = [], mtu, offload } = options
  const settings = {
    name: options.tun ?? options.tap ?? '',
    offload,
    ...(mtu === undefined ? {} : { mtu }),
    ...(hostAddress.length === 0 ? {} : { address: hostAddress.map(String), up: true }),
  }
  if (options.rootless === true) configureInterface({ name: 'lo', up: true })
  const device = options.tap === undefined ? openTun(settings) : openTap(settings)
  const watched = writer === null ? device : capture(device, writer, { clock: host.stack.clock })
  const { address, gateway } = options
  host.addInterface(watched, gateway === undefined ? { addresses: address } : { addresses: address, gateway })
}

/** Addresses that may be another node's are ready when nobody has answered for them (RFC 4862 5.4): a second or two, on TAP. */
async function addressesSettled(host: Host, options: UpOptions): Promise<void> {
  const given = options.address.map(({ address }) => String(address))
  const own = (): AddressEntry[] => host.addresses().filter(({ prefix }) => given.includes(String(prefix.address)))
  const until = Date.now() + MOST_PROBING
  while (own().some(({ state }) => state === 'tentative') && Date.now() < until) await sleep(20)
  const taken = own().find(({ state }) => state === 'duplicate')
  if (taken === undefined) return
  throw new Error(`another node on ${taken.interface.name} has the address ${taken.prefix.address}: give a free one`)
}

/** Settings of the device's interface exist once it is there. */
function isOfDevice(setting: string, options: UpOptions): boolean {
  return setting.includes(`.${options.tun ?? options.tap ?? ''}.`)
}

function announce(host: Host, options: UpOptions, services: readonly Service[]): void {
  const addresses = options.address.map(String).join(', ')
  const serving = services.map(({ name, port }) => `${name}/${port}`).join(' ')
  const suffix = serving === '' ? '' : `, serving ${serving}`
  // Beside a command the terminal is the command's: its output must not be mixed with ours.
  const stream = options.rootless === true ? process.stderr : process.stdout
  stream.write(`${host.name}: ready on ${options.tun ?? options.tap}, ${addresses}${suffix}\n`)
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
}
