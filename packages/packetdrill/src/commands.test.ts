import { describe, expect, test } from 'vitest'
import { runScript, type ScriptResult } from './run-script.js'
import { shellCommands } from './shell-words.js'

const FILES: Readonly<Record<string, string>> = {
  '../common/defaults.sh':
    '#!/bin/sh\nset -e\nif [ -d /x ]; then\n  sysctl -q net.ipv4.ip_default_ttl=44\nfi\nsysctl -q net.no.such=1',
}

function run(text: string): Promise<ScriptResult> {
  return runScript(text, { readFile: (path) => FILES[path] })
}

/** Whether commands make the stack send with a TTL. */
async function ttlAfter(commands: string): Promise<string> {
  const { errors } = await run(`\`${commands}\`\n0 < icmp echo_request\n+0 > [ttl 44] icmp echo_reply`)
  return errors.join('\n')
}

describe('settings', () => {
  test.each([
    'sysctl -q net.ipv4.ip_default_ttl=44',
    'sysctl -w net.ipv4.ip_default_ttl="44"',
    '/sbin/sysctl net.ipv4.ip_default_ttl = 44 > /dev/null',
    'sysctl net/ipv4/ip_default_ttl=0x2c',
    'true && sysctl -q net.ipv4.ip_default_ttl=44; nstat -n',
    'echo 44 > /proc/sys/net/ipv4/ip_default_ttl',
    '../common/set_sysctls.py /proc/sys/net/ipv4/ip_default_ttl=44',
    '../common/defaults.sh\nip tcp_metrics flush all',
    'sysctl -q net.ipv4.ip_default_ttl=44 \\\n  net.ipv4.ip_forward=1 # a comment',
    'sysctl -e net.ipv4.not_there=1 net.ipv4.ip_default_ttl=44',
  ])('%s', async (commands) => {
    expect(await ttlAfter(commands)).toBe('')
  })

  test('one that the stack does not have is an error', async () => {
    const { errors } = await run('`sysctl -q net.ipv4.tcp_nothing=1`\n0 < udp (1)')
    expect(errors[0]).toContain(
      'script:1: error executing command: `sysctl -q net.ipv4.tcp_nothing=1`: no setting is named',
    )
  })
})

test('the MTU of the device, and time that passes', async () => {
  const { errors, duration } = await run(`0 socket(..., SOCK_DGRAM, 0) = 3
+0 connect(3, ..., ...) = 0
+0 setsockopt(3, SOL_IP, IP_MTU_DISCOVER, [IP_PMTUDISC_DO], 4) = 0
+0 write(3, ..., 1300) = 1300
+0 > udp (1300)
+0 \`ip link set dev tun0 mtu 1000\`
+0 write(3, ..., 1300) = -1 EMSGSIZE (Message too long)
+0 \`sleep 1.5\`
+0 write(3, ..., 10) = 10
+0 > udp (10)
\`anything at the end\``)
  expect(errors).toEqual([])
  expect(duration).toBe(1_500_000)
})

test('what commands and code print is kept', async () => {
  const { output } = await run('`echo one`\n0 %{ print("two", 1 + 1) }%\n+0 `echo "three  3" \'four\'`')
  expect(output).toEqual(['one', 'two 2', 'three  3 four'])
})

test.each([
  ['iptables -A INPUT -j DROP', "'iptables' is no command of this tool"],
  ['./no-such-file.sh', "cannot read './no-such-file.sh'"],
  ['ip addr add 1.2.3.4 dev tun0', "'ip addr add 1.2.3.4 dev tun0' is not supported"],
])('%s', async (command, message) => {
  expect((await run(`\`${command}\`\n0 < udp (1)`)).errors[0]).toContain(message)
})

test('words of a shell', () => {
  expect(shellCommands(`a "b c" 'd e'f\\ g>x 2>&1 | h # i\nj`)).toEqual([
    { words: ['a', 'b c', 'd ef g'], output: 'x' },
    { words: ['h'], output: null },
    { words: ['j'], output: null },
  ])
})

describe('options of the tool', () => {
  test.each([
    ['--bogus=1', '--bogus is no option'],
    ['--mtu=5', '--mtu takes a number from 68 to 65535'],
    ['--ip_version=ipv5', '--ip_version is ipv4, ipv6 or ipv4-mapped-ipv6'],
    ['--local_ip=1.2.3', '--local_ip takes an IP address'],
    ['--netmask_ip=255.0.255.0', '--netmask_ip takes a mask'],
    ['--define=x', '--define takes NAME=VALUE'],
    ['--non_fatal=all', '--non_fatal takes packet, syscall'],
    ['--remote_ip=2001:db8::1', '2001:db8::1 is no address of ipv4'],
  ])('%s', async (option, message) => {
    expect((await run(`${option}\n0 < udp (1)`)).errors[0]).toContain(message)
  })

  test('addresses and ports', async () => {
    const { errors } = await run(`--local_ip=10.1.2.3
--netmask_ip=255.255.255.0
--gateway_ip=10.1.2.1
--remote_ip=198.51.100.7
--bind_port=99
--connect_port=77
--speed=10000
0 socket(..., SOCK_DGRAM, 0) = 3
+0 bind(3, ..., ...) = 0
+0 connect(3, ..., ...) = 0
+0 getsockname(3, {sa_family=AF_INET, sin_port=htons(99), sin_addr=inet_addr("10.1.2.3")}, [16]) = 0
+0 getpeername(3, {sa_family=AF_INET, sin_port=htons(77), sin_addr=inet_addr("198.51.100.7")}, [16]) = 0
+0 write(3, ..., 5) = 5
+0 > udp (5)`)
    expect(errors).toEqual([])
  })
})
