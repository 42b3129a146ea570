import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { BIN, execute, type Finished, jackfield, ping, place, Running, run, until, up } from './kernel.test-support.js'

const folder = mkdtempSync(join(tmpdir(), 'jackfield-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Whether a device is there. */
async function exists(device: string): Promise<boolean> {
  return (await execute('ip', ['link', 'show', device])).code === 0
}

describe('help', () => {
  test('lists the commands', async () => {
    const { code, stdout, stderr } = await jackfield('--help')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const word of ['Usage: jackfield', 'up', 'demo', '--version']) expect(stdout).toContain(word)
  })

  test('lists every option of up, with examples', async () => {
    const { code, stdout } = await jackfield('up', '--help')
    expect(code).toBe(0)
    const options = ['tun', 'tap', 'address', 'gateway', 'host-address', 'mtu', 'services', 'sysctl', 'no-offload']
    for (const option of [...options, 'pcap', 'name', 'rootless']) expect(stdout).toContain(`--${option}`)
    expect(stdout).toContain('Examples:')
    for (const service of ['echo', 'http=DIR', 'iperf3']) expect(stdout).toContain(service)
    expect(stdout).not.toContain('default: []')
  })

  test('lists every option of demo', async () => {
    const { code, stdout } = await jackfield('demo', '--help')
    expect(code).toBe(0)
    for (const option of ['seed', 'loss', 'pcap']) expect(stdout).toContain(`--${option}`)
  })

  test('is what a line without a command gives, with status 2', async () => {
    const { code, stderr } = await jackfield()
    expect(code).toBe(2)
    expect(stderr).toContain('Usage: jackfield')
  })

  test('the version is that of the package', async () => {
    const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(await jackfield('--version')).toMatchObject({ code: 0, stdout: `${manifest.version}\n` })
  })

  test('the checkout has it in node_modules/.bin', async () => {
    const linked = fileURLToPath(new URL('../../../../node_modules/.bin/jackfield', import.meta.url))
    expect((await execute(linked, ['up', '--help'])).stdout).toContain('--tun')
  })
})

describe('a line that makes no sense has status 2 and says what would be right', () => {
  const good = ['up', '--tun', 'jfbad', '--address', '10.9.0.2/24']
  test.each<[string, string[]]>([
    ["unknown command 'upp'", ['upp']],
    ["required option '--address <a/len>'", ['up', '--tun', 'jfbad']],
    ['either --tun IF or --tap IF', ['up', '--address', '10.9.0.2/24']],
    ['either --tun IF or --tap IF', [...good, '--tap', 'jfbad2']],
    ['as 10.9.0.2/24', ['up', '--tun', 'jfbad', '--address', '10.9.0.2']],
    ['IPv4', ['up', '--tun', 'jfbad', '--address', '10.9.0.256/24']],
    ["there is no service 'web'; there are echo, discard, chargen, daytime", [...good, '--services', 'echo,web']],
    ["there is no service 'echo=7'", [...good, '--services', 'echo=7']],
    ['as http=/srv/files: none was given', [...good, '--services', 'http']],
    ["as http=/srv/files: '/nonexistent' is none", [...good, '--services', 'http=/nonexistent']],
    ['from 68 to 65535', [...good, '--mtu', '67']],
    ['from 68 to 65535', [...good, '--mtu', '1e3']],
    ['NAME=VALUE', [...good, '--sysctl', 'net.ipv4.ip_forward']],
    ["'nowhere' is not an IP address", [...good, '--gateway', 'nowhere']],
    ["unknown option '--tunn'", [...good, '--tunn', 'x']],
    ['a COMMAND goes with --rootless', [...good, 'echo']],
  ])('%s', async (message, parameters) => {
    const { code, stdout, stderr } = await jackfield(...parameters)
    expect(stderr).toContain(message)
    expect(stderr).toMatch(/\(try jackfield .*--help\)/)
    expect(stderr).not.toContain('\x1b[')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(await exists('jfbad')).toBe(false)
  })
})

describe('what fails has status 1, says why, and leaves nothing behind', () => {
  const good = ['up', '--tun', 'jfbad', '--address', '10.9.0.2/24', '--host-address', '10.9.0.1/24']
  test.each<[string, string[]]>([
    ['no setting is named net.ipv4.ip_forwarding; did you mean', [...good, '--sysctl', 'net.ipv4.ip_forwarding=1']],
    ['takes an integer from 0 to 1, not "2"', [...good, '--sysctl', 'net.ipv4.ip_forward=2']],
    ['/nonexistent/trace.pcapng', [...good, '--pcap', '/nonexistent/trace.pcapng']],
    ['1 to 15 ASCII characters', ['up', '--tun', 'a-name-that-is-too-long', '--address', '10.9.0.2/24']],
    ['lo exists and is no TUN device', ['up', '--tun', 'lo', '--address', '10.9.0.2/24']],
  ])('%s', async (message, parameters) => {
    const { code, stdout, stderr } = await jackfield(...parameters)
    expect(stderr).toContain(message)
    expect(stderr).toMatch(/^jackfield: .*\n$/)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(await exists('jfbad')).toBe(false)
  })

  test('a device that another stack has open', async () => {
    const { name, parameters } = place('tun')
    await up(...parameters)
    const { code, stderr } = await jackfield('up', ...parameters)
    expect(code).toBe(1)
    expect(stderr).toMatch(new RegExp(`EBUSY.*${name}`))
  })

  test('the rights to make a device: the message says how to get them', async () => {
    // Even root cannot without this capability.
    const up = [process.execPath, BIN, ...good]
    const { code, stderr } = await execute('setpriv', ['--bounding-set', '-net_admin', '--', ...up])
    expect(code).toBe(1)
    expect(stderr).toMatch(/EPERM.*needs CAP_NET_ADMIN: run as root or in a namespace of your own.*ip tuntap add/)
  })

  test('a missing /dev/net/tun: the message says how to get it', async () => {
    const script = 'mount -t tmpfs tmpfs /dev/net && exec "$@"'
    const { code, stderr } = await execute('unshare', [
      ...['--mount', 'sh', '-c', script, 'sh', process.execPath, BIN],
      ...good,
    ])
    expect(code).toBe(1)
    expect(stderr).toMatch(/ENOENT.*\/dev\/net\/tun.*modprobe tun/)
  })
})

describe('up', () => {
  test('says that it is ready, for whom and with what', async () => {
    const { name, stack, host, parameters } = place('tun')
    const more = ['--address', `${host(3)}/24`, '--services', 'echo,daytime', '--name', 'alice']
    const { stdout, stderr } = await (await up(...parameters, ...more)).stop()
    expect(stdout).toBe(`alice: ready on ${name}, ${stack}/24, ${host(3)}/24, serving echo/7 daytime/13\n`)
    expect(stderr).toBe('')
  })

  test("gives the kernel's end its address, and leaves it alone without one", async () => {
    const { name, kernel, parameters } = place('tun')
    await up(...parameters)
    expect(await run('ip', '-4', 'address', 'show', name)).toContain(`inet ${kernel}/24`)
    const other = place('tun')
    await up('--tun', other.name, '--address', `${other.stack}/24`)
    expect(await run('ip', 'address', 'show', other.name)).not.toMatch(/inet |[<,]UP[,>]/)
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('ends on %s with status 0 and takes the device away', async (signal) => {
    const { name, parameters } = place('tun')
    const running = await up(...parameters, '--services', 'echo')
    expect(await exists(name)).toBe(true)
    expect(await running.stop(signal)).toMatchObject({ code: 0, signal: null, stderr: '' })
    expect(await exists(name)).toBe(false)
  })

  test('ends in the midst of a flood', async () => {
    const { name, stack, parameters } = place('tap')
    const running = await up(...parameters)
    const flood = new Running('ping', ['-q', '-f', '-s', '4000', stack])
    const bytes = async (): Promise<number> => {
      return Number(/RX:.*\n\s*(\d+)/.exec(await run('ip', '-s', 'link', 'show', name))?.[1])
    }
    await until(async () => (await bytes()) > 1_000_000, 'a megabyte of answers')
    expect(await running.stop()).toMatchObject({ code: 0, signal: null, stderr: '' })
    await flood.stop('SIGINT')
    expect(await exists(name)).toBe(false)
  })

  test('leaves a device alone that was there before', async () => {
    const { name, stack, parameters } = place('tun')
    await run('ip', 'tuntap', 'add', 'dev', name, 'mode', 'tun', 'vnet_hdr')
    const running = await up(...parameters)
    expect(await ping('-c', '2', '-l', '2', stack)).toMatchObject({ received: 2 })
    await running.stop()
    expect(await exists(name)).toBe(true)
    await run('ip', 'link', 'delete', name)
  })
})

/** What tshark reads in a capture: the values of fields, a line for each packet that the filter lets through. */
async function tshark(file: string, filter: string, ...fields: string[]): Promise<string[]> {
  const wanted = fields.flatMap((field) => ['-e', field])
  const text = await run('tshark', '-r', file, '-o', 'ip.check_checksum:TRUE', '-Y', filter, '-T', 'fields', ...wanted)
  return text.split('\n').slice(0, -1)
}

describe('--pcap', () => {
  test.each(['tun', 'tap'] as const)('writes a capture of a %s that tshark reads', async (kind) => {
    const { name, kernel, stack, parameters } = place(kind)
    const file = join(folder, `${kind}.pcapng`)
    const running = await up(...parameters, '--pcap', file)
    expect(await ping('-c', '3', '-l', '3', stack)).toMatchObject({ received: 3 })
    await running.stop()
    const echoes = await tshark(file, 'icmp', 'ip.src', 'icmp.type', 'icmp.seq', 'frame.interface_name')
    expect(echoes).toEqual(
      [1, 2, 3].flatMap((seq) => [`${kernel}\t8\t${seq}\t${name}`, `${stack}\t0\t${seq}\t${name}`]),
    )
    expect(await tshark(file, '_ws.malformed || ip.checksum.status == 0', 'frame.number')).toEqual([])
  })
})

describe('demo', () => {
  test('shows a network and writes a capture, the same each time', async () => {
    const files = [join(folder, 'one.pcapng'), join(folder, 'two.pcapng')] as const
    for (const file of files) {
      const { code, stdout, stderr } = await jackfield('demo', '--seed', '7', '--pcap', file)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toMatch(/200 datagrams sent, \d+ received/)
      expect(stdout).toMatch(/^ 50 % after \d+\.\d+ s of virtual time, \d+ segments sent again$/m)
      expect(stdout).toMatch(/2000000 bytes in .*every one in its place\n[1-9]\d* segments sent again, /)
      expect(stdout).not.toContain('\r')
      expect(stdout).toContain(`${statSync(file).size} bytes in ${file}`)
    }
    expect(readFileSync(files[0]).equals(readFileSync(files[1]))).toBe(true)
    expect((await tshark(files[0], 'udp || icmp', 'frame.number')).length).toBeGreaterThan(200)
    expect(await tshark(files[0], '_ws.malformed || ip.checksum.status == 0', 'frame.number')).toEqual([])
  })
})

describe('--rootless', () => {
  /** Whether this user namespace is the first: then it takes another user to have no rights. */
  const isRoot = /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'))

  /** `jackfield up ... --rootless -- COMMAND` by a user without any rights. */
  function rootless(...command: string[]): Running {
    const line = [process.execPath, BIN, 'up', '--tun', 'tun0', '--address', '10.9.0.2/24']
    line.push('--host-address', '10.9.0.1/24', '--services', 'echo', '--rootless', '--', ...command)
    if (!isRoot) return new Running(line[0] ?? '', line.slice(1))
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--']
    // A device node of its own: that of the machine may be root's alone.
    const script = 'mount -t tmpfs tmpfs /dev/net && mknod -m 666 /dev/net/tun c 10 200 && exec "$@"'
    return new Running('unshare', ['--mount', 'sh', '-c', script, 'sh', ...nobody, ...line])
  }

  const finish = (...command: string[]): Promise<Finished> => rootless(...command).within(30_000)

  test('runs a command that talks to the stack', async () => {
    const { code, stdout, stderr } = await finish('ping', '-q', '-c', '3', '-l', '3', '10.9.0.2')
    expect(stdout).toContain('3 packets transmitted, 3 received')
    // The standard output is the command's alone.
    expect(stderr).toBe('jackfield: ready on tun0, 10.9.0.2/24, serving echo/7\n')
    expect(stdout).not.toContain('ready')
    expect(code).toBe(0)
  })

  test('has a network of its own, in which the command is root', async () => {
    const { stdout } = await finish('sh', '-c', 'id -u; ip -o link show | cut -d: -f2 | tr -d " " | paste -sd, -')
    expect(stdout).toMatch(/^0\nlo,(.*,)?tun0\n$/)
    expect(await exists('tun0')).toBe(false)
  })

  test.each([
    ['0', 0, 'exit 0'],
    ['another', 42, 'exit 42'],
    ['128 and the number of a signal', 128 + 9, 'kill -KILL $$'],
  ])('passes the exit status on: %s', async (_what, status, script) => {
    expect((await finish('sh', '-c', script)).code).toBe(status)
  })

  test('a command that is not there has status 127', async () => {
    const { code, stderr } = await finish('/no/such/command')
    expect(stderr).toContain('jackfield: /no/such/command: command not found\n')
    expect(code).toBe(127)
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('passes %s on to the command, and ends as it does', async (signal) => {
    const script = 'trap "echo caught; exit 3" INT TERM; echo started; while :; do sleep 0.05; done'
    const running = rootless('sh', '-c', script)
    await running.printed(/started/)
    const { code, stdout } = await running.stop(signal)
    expect(stdout).toBe('started\ncaught\n')
    expect(code).toBe(3)
  })

  test('runs the shell where no command is given', async () => {
    const line = [BIN, 'up', '--tap', 'tap0', '--address', '10.9.0.2/24', '--rootless']
    const { code, stdout } = await execute(process.execPath, line, {
      input: 'echo from $0; exit 5\n',
      env: { SHELL: '/bin/sh' },
    })
    expect(stdout).toBe('from /bin/sh\n')
    expect(code).toBe(5)
  })
})
