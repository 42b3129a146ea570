import { describe, expect, test } from 'vitest'
import { openIpv6Stack } from './ipv6-stack.test-support.js'
import { jackfield, kernelSettled, ping, place, run, sniff, until, up } from './kernel.test-support.js'

/** The kernel's IPv6 addresses on a device, as `ip` lists them. */
function kernelAddresses(device: string): Promise<string> {
  return run('ip', '-6', 'address', 'show', 'dev', device)
}

describe('an address that the kernel has', () => {
  test('is not taken: it is a duplicate, nobody answers for it but the kernel', async () => {
    const { name, kernel, networkInterface, hosted, stateOf } = openIpv6Stack()
    await kernelSettled(name)
    hosted.addAddress(networkInterface, `${kernel}/64`)
    expect(stateOf(kernel)).toBe('tentative')
    await until(() => stateOf(kernel) !== 'tentative', 'the answer')
    expect(stateOf(kernel)).toBe('duplicate')
    expect(hosted.stack.counters()['NdpDadFailures']).toBe(1)
    expect(await kernelAddresses(name)).not.toContain('dadfailed')
  })

  test('ends jackfield up, which says so', async () => {
    const first = place('tap', 6)
    await run('ip', 'tuntap', 'add', first.name, 'mode', 'tap')
    await run('ip', 'address', 'add', `${first.kernel}/64`, 'dev', first.name, 'nodad')
    await run('ip', 'link', 'set', first.name, 'up')
    const ended = await jackfield('up', '--tap', first.name, '--address', `${first.kernel}/64`)
    expect(ended).toMatchObject({ code: 1, stdout: '' })
    expect(ended.stderr).toContain(`another node on ${first.name} has the address ${first.kernel}`)
    await run('ip', 'link', 'delete', first.name)
  })
})

describe('an address that the stack has', () => {
  test('is defended: the kernel finds that it is taken', async () => {
    const { name, stack, kernel, parameters } = place('tap', 6)
    await up(...parameters)
    await kernelSettled(name)
    await run('ip', 'address', 'add', `${stack}/64`, 'dev', name)
    await until(async () => (await kernelAddresses(name)).includes('dadfailed'), 'what the kernel found')
    expect(await kernelAddresses(name)).toMatch(new RegExp(`${stack}/64 .*dadfailed tentative`))
    await run('ip', 'address', 'delete', `${stack}/64`, 'dev', name)
    expect(await ping('-6', '-c', '2', '-l', '2', '-I', kernel, stack)).toMatchObject({ received: 2 })
  })

  test('is probed from no address, for its solicited-node group, with a nonce', async () => {
    const { name, host, networkInterface, hosted, stateOf } = openIpv6Stack()
    const sniffer = await sniff(name, 'icmp6 and src ::', '-v')
    hosted.addAddress(networkInterface, `${host(0xab)}/64`)
    const target = host(0xab)
    await sniffer.printed(new RegExp(`:: > ff02::1:ff00:${host(0xab).slice(-3)}: .*who has ${target}`))
    await sniffer.printed(/unknown option \(14\)|nonce/)
    await until(() => stateOf(target) === 'preferred', 'the address')
    await sniffer.stop()
  })
})

test('of two that take an address at once, not both have it', async () => {
  const sysctl = { 'net.ipv6.conf.default.router_solicitation_delay': 0 }
  const { name, host, networkInterface, hosted, stateOf } = openIpv6Stack({ sysctl })
  await kernelSettled(name)
  await run('sysctl', '-q', '-w', `net.ipv6.conf.${name}.router_solicitation_delay=0`)
  const addresses = [5, 6, 7, 8].map(host)
  await Promise.all(
    addresses.map(async (address) => {
      hosted.addAddress(networkInterface, `${address}/64`)
      await run('ip', 'address', 'add', `${address}/64`, 'dev', name)
    }),
  )
  await until(() => addresses.every((address) => stateOf(address) !== 'tentative'), "the stack's addresses")
  const shown = async (): Promise<string[]> => (await kernelAddresses(name)).split('\n')
  await until(async () => {
    return (await shown()).every((line) => !line.includes('tentative') || line.includes('dadfailed'))
  }, `the kernel's addresses`)
  const failed = (await shown()).filter((line) => line.includes('dadfailed')).join()
  for (const address of addresses) {
    expect([address, stateOf(address) === 'duplicate' || failed.includes(`${address}/64`)]).toEqual([address, true])
  }
})

test('an address that was a duplicate can be taken once the other node gave it up', async () => {
  const { name, kernel, host, networkInterface, hosted, stateOf } = openIpv6Stack()
  await kernelSettled(name)
  hosted.addAddress(networkInterface, `${kernel}/64`)
  await until(() => stateOf(kernel) === 'duplicate', 'the duplicate')
  await run('ip', 'address', 'delete', `${kernel}/64`, 'dev', name)
  hosted.removeAddress(networkInterface, kernel)
  hosted.addAddress(networkInterface, `${kernel}/64`)
  await until(() => stateOf(kernel) === 'preferred', 'the address')
  await run('ip', 'address', 'add', `${host(9)}/64`, 'dev', name, 'nodad')
  expect(await ping('-6', '-c', '2', '-l', '2', kernel)).toMatchObject({ received: 2 })
})
