import { createAddressSlot, IpAddress, type IpAddressSlot, SocketAddress, setSlot } from '@jackfield/addr'
import {
  EAGAIN,
  ECONNREFUSED,
  EMSGSIZE,
  ENOBUFS,
  ENOMEM,
  IcmpReport,
  IP_RECVERR,
  Message,
  MSG_ERRQUEUE,
  MSG_TRUNC,
  POLLIN,
  POLLOUT,
  SO_EE_ORIGIN_ICMP,
  SO_EE_ORIGIN_LOCAL,
  SOL_IP,
} from '@jackfield/interfaces'
import { PacketPool } from '@jackfield/packet'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ErrorQueue } from './error-queue.js'
import { MemoryPool, ReceiveQueue } from './receive-queue.js'
import { SendAccount } from './send-account.js'
import { TestSocket, testHost } from './socket.test-fixture.js'

describe('receive queue', () => {
  test('packets leave in order, each once, and memory is never beyond the limit and one packet', () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.constant(-1)), { maxLength: 60 })
    fc.assert(
      fc.property(sizes, fc.integer({ min: 2304, max: 20_000 }), (steps, limit) => {
        const pool = new PacketPool()
        const memory = new MemoryPool(30_000)
        const queue = new ReceiveQueue(pool, limit, memory)
        const expected: number[] = []
        let serial = 0
        let refused = 0
        for (const step of steps) {
          if (step < 0) {
            const packet = queue.shift()
            expect(packet?.mark).toBe(expected.shift())
            packet?.release()
            continue
          }
          const packet = pool.allocate(step)
          packet.mark = ++serial
          const full = queue.used > limit
          const result = queue.push(packet)
          if (full) expect(result).toBe(ENOMEM)
          if (result === 0) expected.push(serial)
          else refused++
          expect(queue.used).toBeLessThanOrEqual(limit + 10_240 + 256)
          expect(memory.used).toBeLessThanOrEqual(memory.limit)
          expect(memory.used).toBe(queue.used)
        }
        expect(queue.length).toBe(expected.length)
        expect(queue.drops).toBe(refused)
        queue.clear()
        expect(queue.used).toBe(0)
        expect(memory.used).toBe(0)
        expect(pool.outstanding).toBe(0)
      }),
    )
  })

  test('a small frame does not pin the large buffer it came in, and keeps its headers', () => {
    const pool = new PacketPool()
    const queue = new ReceiveQueue(pool, 100_000, null)
    const packet = pool.allocate(60_000)
    packet.networkHeader = packet.start
    packet.transportHeader = packet.start + 20
    packet.start += 28
    packet.end = packet.start + 100
    packet.bytes.fill(7, packet.networkHeader, packet.end)
    expect(queue.push(packet)).toBe(0)
    expect(queue.used).toBeLessThan(1000)
    const kept = queue.shift()
    expect(kept?.length).toBe(100)
    expect((kept?.start ?? 0) - (kept?.networkHeader ?? 0)).toBe(28)
    expect(kept?.bytes[kept.networkHeader]).toBe(7)
    kept?.release()
    expect(pool.outstanding).toBe(0)
  })

  test('over the shared memory it is ENOBUFS, and the sender of a packet is let off', () => {
    const pool = new PacketPool()
    const queue = new ReceiveQueue(pool, 100_000, new MemoryPool(1000))
    const account = new SendAccount(10_000, null)
    const packet = pool.allocate(10)
    account.charge(packet)
    expect(account.used).toBeGreaterThan(0)
    expect(queue.push(packet)).toBe(0)
    expect(account.used).toBe(0)
    expect(queue.push(pool.allocate(10))).toBe(ENOBUFS)
    queue.clear()
    expect(pool.outstanding).toBe(0)
  })
})

describe('send account and readiness', () => {
  test('writable until half is used, has room until all is; told once when it is writable again', () => {
    const { host } = testHost()
    const socket = new TestSocket(host)
    const told: number[] = []
    socket.wake.setWatcher({ ready: (mask) => told.push(mask) })
    socket.bits = POLLOUT
    const { account } = socket
    account.limit = 4608
    const packets = []
    while (account.hasRoom) {
      const packet = host.packets.allocate(100)
      account.charge(packet)
      packets.push(packet)
    }
    expect(account.used).toBeLessThan(4608 + 768)
    expect(account.writable).toBe(false)
    for (const packet of packets) {
      packet.share().release()
      packet.release()
    }
    expect(account.used).toBe(0)
    expect(told).toEqual([])
    host.burstEnd()
    host.burstEnd()
    expect(told).toEqual([POLLOUT])
  })

  test('a watcher hears once of a burst, and nothing of what is gone by its end', () => {
    const { host } = testHost()
    const sockets = [new TestSocket(host), new TestSocket(host)] as const
    const told: string[] = []
    sockets.forEach((socket, i) => {
      socket.wake.setWatcher({ ready: (mask) => told.push(`${i}:${mask}`) })
    })
    for (let i = 0; i < 3; i++) for (const socket of sockets) socket.wake.changed(POLLIN)
    sockets[1].bits = POLLIN | POLLOUT
    host.burstEnd()
    expect(told).toEqual([`1:${POLLIN | POLLOUT}`])
    sockets[1].wake.changed(POLLIN)
    sockets[1].wake.close()
    host.burstEnd()
    expect(told.length).toBe(1)
  })
})

describe('error queue', () => {
  function refused(host: ReturnType<typeof testHost>['host'], payload: Uint8Array): IcmpReport {
    const report = new IcmpReport()
    report.errno = ECONNREFUSED
    report.type = 3
    report.code = 3
    setSlot(report.offender as IpAddressSlot, IpAddress.parse('10.0.0.9'))
    setSlot(report.destination as IpAddressSlot, IpAddress.parse('10.0.0.7'))
    report.packet = host.packets.copyOf(payload)
    return report
  }

  test('gives the payload, where it was going, and the error with its offender', () => {
    const { host } = testHost()
    const socket = new TestSocket(host)
    const errors = new ErrorQueue(host.packets, socket.queue)
    const report = refused(host, Uint8Array.of(1, 2, 3, 4))
    const { packet } = report
    expect(errors.pushIcmp(report, (packet?.start ?? 0) + 1, 4000)).toBe(true)
    packet?.release()
    expect(errors.pushLocal(EMSGSIZE, 1400, IpAddress.parse('10.0.0.8'), 53)).toBe(true)

    const message = new Message(new Uint8Array(2))
    message.name = new SocketAddress()
    message.control = []
    expect(errors.receive(message, socket.options)).toBe(2)
    expect(message.flags).toBe(MSG_ERRQUEUE | MSG_TRUNC)
    expect([...message.buffer]).toEqual([2, 3])
    expect(`${message.name.address}:${message.name.port}`).toBe('10.0.0.7:4000')
    const [first] = message.control
    expect(first).toMatchObject({ level: SOL_IP, type: IP_RECVERR })
    expect(first?.data).toMatchObject({ errno: ECONNREFUSED, origin: SO_EE_ORIGIN_ICMP, type: 3, code: 3 })
    const { offender } = (first?.data ?? {}) as { offender?: SocketAddress }
    expect(String(offender?.address)).toBe('10.0.0.9')

    expect(errors.receive(message, socket.options)).toBe(0)
    expect(message.control[1]?.data).toMatchObject({ errno: EMSGSIZE, origin: SO_EE_ORIGIN_LOCAL, info: 1400 })
    expect(errors.receive(message, socket.options)).toBe(-EAGAIN)
    expect(socket.queue.used).toBe(0)
    expect(host.packets.outstanding).toBe(0)
  })

  test('counts against the receive buffer, so that strangers cannot make it grow', () => {
    const { host } = testHost()
    const socket = new TestSocket(host)
    socket.queue.limit = 4608
    const errors = new ErrorQueue(host.packets, socket.queue)
    const address = createAddressSlot()
    let taken = 0
    for (let i = 0; i < 100; i++) if (errors.pushLocal(EMSGSIZE, 0, address, 0)) taken++
    expect(taken).toBe(8)
    expect(errors.drops).toBe(92)
    errors.clear()
    expect(socket.queue.used).toBe(0)
  })

  test('SO_ERROR follows the queue of ICMP errors', () => {
    const { host } = testHost()
    const socket = new TestSocket(host)
    const errors = new ErrorQueue(host.packets, socket.queue)
    for (let i = 0; i < 2; i++) {
      const report = refused(host, new Uint8Array(8))
      errors.pushIcmp(report, 1 << 20, 0)
      report.packet?.release()
    }
    const message = new Message(new Uint8Array(0))
    errors.receive(message, socket.options)
    expect(socket.options.takeError()).toBe(ECONNREFUSED)
    socket.options.fail(ECONNREFUSED)
    errors.receive(message, socket.options)
    expect(socket.options.takeError()).toBe(0)
    expect(host.packets.outstanding).toBe(0)
  })
})
