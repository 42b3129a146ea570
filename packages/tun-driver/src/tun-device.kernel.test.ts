import { EAGAIN } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import { describe, expect, test } from 'vitest'
import { attach } from './attach.js'
import { opened } from './devices.test-harness.js'
import { EchoReceiver } from './echo.test-receiver.js'
import { openDescriptors, run, until } from './host.test-commands.js'
import { openTap, openTun, readInterface, TunError } from './index.js'
import { applySettings } from './interface-settings.js'
import { type KernelCalls, kernelCalls } from './kernel-calls.js'
import { checkOptions } from './options.js'
import { protocolOf, udpPacket } from './packets.test-builders.js'
import { TunDevice } from './tun-device.js'

describe('a TUN device', () => {
  test('has the name, index, MTU and state that the kernel says', () => {
    const [device] = opened(openTun({ address: '10.77.0.1/24', mtu: 1400 }))
    expect(device.name).toMatch(/^tun\d+$/)
    expect(device.medium).toBe('ip')
    const state = readInterface(device.name)
    expect(state).toMatchObject({ index: device.index, mtu: 1400, up: true })
    expect(device.mtu).toBe(1400)
    expect(device.carrier).toBe(true)
    expect(device.hardwareAddress).toBeUndefined()
  })

  for (const offload of [true, false]) {
    test(`answers pings of the kernel, offload ${offload}`, async () => {
      const [device, receiver] = opened(openTun({ name: 'tunping', address: '10.77.0.1/24', offload }))
      const text = await run('ping', '-q', '-c', '50', '-l', '50', '10.77.0.2')
      expect(text).toContain(' 0% packet loss')
      expect(receiver.answered).toBe(50)
      expect(receiver.bursts).toBeGreaterThan(0)
      expect(device.statistics.txPackets).toBe(50)
      expect(device.statistics.rxErrors + device.statistics.txErrors).toBe(0)
    })
  }

  test('answers a flood of pings without loss', async () => {
    const [, receiver] = opened(openTun({ address: '10.77.0.1/24' }))
    expect(await run('ping', '-q', '-f', '-c', '5000', '10.77.0.2')).toContain(' 0% packet loss')
    expect(receiver.answered).toBe(5000)
  })

  test('carries 60,000 bytes in fragments, and whole where the MTU allows', async () => {
    const [small] = opened(openTun({ address: '10.77.0.1/24' }))
    expect(await run('ping', '-q', '-c', '3', '-l', '3', '-s', '60000', '10.77.0.2')).toContain(' 0% packet loss')
    expect(small.statistics.rxPackets).toBeGreaterThan(100)
    const [large, receiver] = opened(openTun({ address: '10.78.0.1/24', mtu: 65_535 }))
    const text = await run('ping', '-q', '-c', '3', '-l', '3', '-s', '60000', '-M', 'do', '10.78.0.2')
    expect(text).toContain(' 0% packet loss')
    expect(receiver.answered).toBe(3)
    expect(large.statistics.txBytes).toBe(3 * 60_028)
  })

  test('has several queues, which all are read and written', async () => {
    const before = openDescriptors()
    const [device, receiver] = opened(openTun({ queues: 3, address: '10.77.0.1/24' }))
    expect(device.queues).toBe(3)
    const pings = ['2', '3', '4', '5', '6', '7'].map((host) =>
      run('ping', '-q', '-c', '20', '-l', '20', `10.77.0.${host}`),
    )
    for (const text of await Promise.all(pings)) expect(text).toContain(' 0% packet loss')
    expect(receiver.answered).toBe(120)
    device.close()
    expect(openDescriptors()).toBe(before)
  })

  test('opens, closes and opens again without leaving a descriptor', async () => {
    openTun().close()
    await run('true')
    const before = openDescriptors()
    for (let i = 0; i < 20; i++) {
      const [device] = opened(openTun({ name: 'tunagain', address: '10.77.0.1/24', offload: i % 2 === 0 }))
      expect(openDescriptors()).toBeGreaterThan(before)
      device.close()
      device.close()
      expect(readInterface('tunagain')).toBeNull()
    }
    expect(openDescriptors()).toBe(before)
    const device = openTun()
    device.close()
    expect(() => device.open(new EchoReceiver(device))).toThrow(/closed/)
  })

  test('stays when it is persistent, with its address, until it is opened as not', () => {
    opened(openTun({ name: 'tunkeep', address: '10.77.0.1/24', mtu: 1300, persist: true }))[0].close()
    expect(readInterface('tunkeep')).toMatchObject({ mtu: 1300 })
    const [device] = opened(openTun({ name: 'tunkeep', offload: false, persist: false }))
    expect(device.mtu).toBe(1300)
    device.close()
    expect(readInterface('tunkeep')).toBeNull()
  })

  test('reports changes of MTU and state, and that it was deleted', async () => {
    const [device, receiver] = opened(openTun({ address: '10.77.0.1/24' }))
    await run('ip', 'link', 'set', device.name, 'mtu', '1234')
    await until(() => receiver.states.length === 1, 'the new MTU')
    expect(receiver.states[0]).toEqual({ carrier: true, mtu: 1234 })
    expect(device.mtu).toBe(1234)
    await run('ip', 'link', 'set', device.name, 'down')
    await until(() => receiver.states.length === 2, 'the state down')
    expect(receiver.states[1]).toEqual({ carrier: false, mtu: 1234 })
    expect(device.transmit(receiver.pool.copyOf(udpPacket(100)))).toBe(true)
    expect(device.statistics).toMatchObject({ txDropped: 1, txErrors: 0 })
    await run('ip', 'link', 'set', device.name, 'name', 'tunrenamed', 'up')
    await until(() => receiver.states.at(-1)?.carrier === true, 'the state up')
    await run('ip', 'link', 'del', 'tunrenamed')
    await until(() => receiver.states.at(-1)?.carrier === false, 'the end of the device')
    expect(device.transmit(receiver.pool.copyOf(udpPacket(100)))).toBe(false)
    expect(device.statistics.txDropped).toBe(2)
  })

  test('is followed to another namespace and back', async () => {
    const [device, receiver] = opened(openTun({ name: 'tunmoves', address: '10.77.0.1/24' }))
    const latest = (): unknown => receiver.states.at(-1)
    await run('ip', 'netns', 'add', 'elsewhere')
    const there = (...parameters: string[]): Promise<string> => run('ip', '-n', 'elsewhere', ...parameters)
    // The move sets it down, and takes its address from it.
    await run('ip', 'link', 'set', device.name, 'netns', 'elsewhere')
    await until(() => !device.carrier, 'the move')
    expect(latest()).toEqual({ carrier: false, mtu: 1500 })
    await there('link', 'set', device.name, 'mtu', '1400')
    await there('link', 'set', device.name, 'up')
    await until(() => device.carrier && device.mtu === 1400, 'the changes there')
    expect(latest()).toEqual({ carrier: true, mtu: 1400 })
    await there('address', 'add', '10.77.0.1/24', 'dev', device.name)
    const ping = await run('ip', 'netns', 'exec', 'elsewhere', 'ping', '-q', '-c', '5', '-l', '5', '10.77.0.2')
    expect(ping).toContain(' 0% packet loss')
    // What opens sockets now does so here.
    expect(readInterface(device.name)).toBeNull()
    expect(readInterface('lo')).toMatchObject({ index: 1, up: true })
    await there('link', 'set', device.name, 'netns', String(process.pid))
    await until(() => readInterface(device.name) !== null && !device.carrier, 'the way back')
    await run('ip', 'link', 'set', device.name, 'mtu', '1300', 'up')
    await until(() => device.carrier && device.mtu === 1300, 'the changes here')
    await run('ip', 'link', 'set', device.name, 'netns', 'elsewhere')
    await until(() => !device.carrier, 'the second move')
    await there('link', 'set', device.name, 'up')
    await until(() => device.carrier, 'the state there')
    // Devices go with their namespace.
    await run('ip', 'netns', 'delete', 'elsewhere')
    await until(() => !device.carrier, 'the end of the device')
    expect(device.transmit(receiver.pool.copyOf(udpPacket(100)))).toBe(false)
  })

  test('says at once that its other side is down', async () => {
    const [, receiver] = opened(openTun({ name: 'tundown' }))
    await until(() => receiver.states.length === 1, 'the state')
    expect(receiver.states[0]).toEqual({ carrier: false, mtu: 1500 })
  })

  test('is closed from inside of its own delivery', async () => {
    const device = openTun({ address: '10.77.0.1/24' })
    const [, receiver] = opened(device, (packet) => {
      if (protocolOf(packet) === 1) device.close()
      return false
    })
    await run('ping', '-q', '-c', '1', '-W', '1', '10.77.0.2').catch(() => 'no answer')
    expect(receiver.answered).toBe(1)
    expect(device.statistics.txDropped).toBe(1)
  })
})

describe('a TAP device', () => {
  test('gives Ethernet frames: the kernel asks for an address by ARP', async () => {
    const isArp = (packet: Packet): boolean => packet.view.getUint16(packet.start + 12) === 0x0806
    const [device, receiver] = opened(
      openTap({ address: '10.77.0.1/24', hostHardwareAddress: '02:00:00:00:00:99' }),
      isArp,
    )
    expect(device.name).toMatch(/^tap\d+$/)
    expect(device.medium).toBe('ethernet')
    expect(device.hardwareAddress?.isLocal).toBe(true)
    expect(device.hardwareAddress?.isMulticast).toBe(false)
    expect(readInterface(device.name)?.hardwareAddress?.toString()).toBe('02:00:00:00:00:99')
    await run('ping', '-q', '-c', '1', '-W', '1', '10.77.0.2').catch(() => 'no answer')
    const frame = (receiver.kept[0] as Packet).toBytes()
    expect(Buffer.from(frame.subarray(0, 12)).toString('hex')).toBe('ffffffffffff020000000099')
    expect(Buffer.from(frame.subarray(38, 42))).toEqual(Buffer.from([10, 77, 0, 2]))
  })

  test('has the address that it is given', () => {
    const [device] = opened(openTap({ hardwareAddress: '02:00:00:00:00:07' }))
    expect(device.hardwareAddress?.toString()).toBe('02:00:00:00:00:07')
  })
})

describe('a kernel that takes no more', () => {
  test('has packets wait up to a bound, and the receiver told when there is room again', async () => {
    const real = kernelCalls()
    let full = true
    const calls: KernelCalls = {
      ...real,
      write: (fd, address, length) => (full ? -1 : real.write(fd, address, length)),
      errno: () => (full ? EAGAIN : real.errno()),
    }
    const options = checkOptions({ name: 'tunfull', address: '10.77.0.1/24' })
    const attachment = attach(real, options)
    applySettings(real, 'tunfull', options.host)
    const state = readInterface('tunfull')
    if (state === null) throw new Error('the device is there')
    const [device, receiver] = opened(new TunDevice(calls, 'ip', attachment, options, state))
    let taken = 0
    while (device.transmit(receiver.pool.copyOf(udpPacket(100)))) taken++
    expect(taken).toBe(256)
    expect(device.statistics).toMatchObject({ txPackets: 0, txDropped: 1 })
    device.flush()
    expect(receiver.writableCalls).toBe(0)
    full = false
    await until(() => receiver.writableCalls === 1, 'room')
    expect(device.statistics).toMatchObject({ txPackets: 256, txDropped: 1, txErrors: 0 })
    full = true
    device.transmit(receiver.pool.copyOf(udpPacket(100)))
    device.close()
    expect(device.statistics.txDropped).toBe(2)
  })
})

describe('what the kernel refuses', () => {
  const failure = (act: () => unknown): TunError => {
    try {
      act()
    } catch (error) {
      if (error instanceof TunError) return error
      throw error
    }
    throw new Error('it did not fail')
  }

  test('a device that another has open is busy', () => {
    opened(openTun({ name: 'tunbusy' }))
    const error = failure(() => openTun({ name: 'tunbusy' }))
    expect(error).toMatchObject({ code: 'EBUSY', syscall: 'TUNSETIFF', address: 'tunbusy' })
    expect(error.message).toMatch(/another program has tunbusy open/)
  })

  test('an interface of another kind cannot be opened', () => {
    const error = failure(() => openTun({ name: 'lo' }))
    expect(error.code).toBe('EINVAL')
    expect(error.message).toMatch(/lo exists and is no TUN device/)
  })

  test('no descriptor is left by a failure, and the name of a device is free again', () => {
    opened(openTun({ name: 'tunbusy' }))
    const before = openDescriptors()
    failure(() => openTun({ name: 'tunbusy' }))
    // A frame of more than 65,535 bytes with its Ethernet header.
    const error = failure(() => openTap({ name: 'taplarge', mtu: 65_535 }))
    expect(error).toMatchObject({ code: 'EINVAL', syscall: 'SIOCSIFMTU' })
    expect(error.message).toMatch(/the MTU 65535 of taplarge could not be set/)
    expect(openDescriptors()).toBe(before)
    opened(openTap({ name: 'taplarge' }))
  })
})
