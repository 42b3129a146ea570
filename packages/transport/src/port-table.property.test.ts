import { IpAddress } from '@jackfield/addr'
import { AF_INET, AF_INET6, EADDRINUSE } from '@jackfield/interfaces'
import type { FakeHost } from '@jackfield/interfaces/compliance'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PortTable } from './port-table.js'
import { transportSettings } from './settings.js'
import { TestSocket, testHost } from './socket.test-fixture.js'

const ADDRESSES = ['0.0.0.0', '10.0.0.1', '10.0.0.2', '::', '2001:db8::1'].map((text) => IpAddress.parse(text))
const PEERS = ['192.0.2.1', '192.0.2.2', '2001:db8::9'].map((text) => IpAddress.parse(text))

/** What a socket is, kept apart from the table, as texts. */
interface Model {
  socket: TestSocket
  local: string
  wasLocal: string
  port: number
  remote: string
  reuse: boolean
  group: boolean
  v6only: boolean
  device: number
}

function overlap(a: Model, b: Model): boolean {
  if (a.device !== 0 && b.device !== 0 && a.device !== b.device) return false
  if (a.local === b.local) return true
  const takesIn = (wild: Model, other: Model) =>
    (wild.local === '0.0.0.0' && !other.local.includes(':')) ||
    (wild.local === '::' && (other.local.includes(':') || !wild.v6only))
  return takesIn(a, b) || takesIn(b, a)
}

function forbidden(a: Model, b: Model): boolean {
  return a.port === b.port && overlap(a, b) && !(a.reuse && b.reuse) && !(a.group && b.group)
}

const step = fc.record({
  act: fc.constantFrom('bind', 'bind', 'bind', 'connect', 'disconnect', 'close'),
  which: fc.nat(),
  local: fc.nat(4),
  port: fc.integer({ min: 1, max: 3 }),
  peer: fc.nat(2),
  peerPort: fc.integer({ min: 1, max: 2 }),
  reuse: fc.boolean(),
  group: fc.boolean(),
  v6only: fc.boolean(),
  device: fc.constantFrom(0, 0, 1, 2),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function run(
  steps: readonly Step[],
  check: (table: PortTable<TestSocket>, open: Model[], host: FakeHost) => void,
): void {
  const { host } = testHost()
  const table = new PortTable<TestSocket>(host, 'datagram')
  const open: Model[] = []
  for (const { act, which, local, port, peer, peerPort, reuse, group, v6only, device } of steps) {
    const chosen = open[which % Math.max(1, open.length)]
    if (act === 'bind') {
      const address = ADDRESSES[local] as IpAddress
      const socket = new TestSocket(host, address.version === 6 ? AF_INET6 : AF_INET)
      Object.assign(socket.options, { reuseAddress: reuse, reusePort: group, v6only, boundInterface: device })
      const text = `${address}`
      const model: Model = { socket, local: text, wasLocal: text, port, remote: '', reuse, group, v6only, device }
      const expected = open.some((other) => forbidden(model, other)) ? -EADDRINUSE : 0
      expect(table.bind(socket, address, port, socket.options)).toBe(expected)
      if (expected === 0) open.push(model)
    } else if (chosen === undefined) continue
    else if (act === 'connect') {
      const remote = PEERS[peer] as IpAddress
      const wild = chosen.wasLocal === '0.0.0.0' || chosen.wasLocal === '::'
      if (remote.version === 6 ? !chosen.wasLocal.includes(':') : chosen.v6only && chosen.wasLocal === '::') continue
      if (remote.version === 4 && chosen.wasLocal === '2001:db8::1') continue
      const own = wild ? (remote.version === 4 ? '10.0.0.1' : '2001:db8::1') : chosen.wasLocal
      expect(table.connect(chosen.socket, IpAddress.parse(own), remote, peerPort)).toBe(0)
      chosen.local = own
      chosen.remote = `${remote} ${peerPort}`
    } else if (act === 'disconnect') {
      table.disconnect(chosen.socket, IpAddress.parse(chosen.wasLocal))
      chosen.local = chosen.wasLocal
      chosen.remote = ''
    } else {
      table.remove(chosen.socket)
      open.splice(open.indexOf(chosen), 1)
    }
  }
  check(table, open, host)
}

/** How well a socket fits, in words, -1 for not at all. */
function score(model: Model, local: string, remote: string, device: number): number {
  const isFour = !local.includes(':')
  const exact = model.local === local
  const wild = isFour ? model.local === '0.0.0.0' || (model.local === '::' && !model.v6only) : model.local === '::'
  if (!exact && !wild) return -1
  if (model.remote !== '' && model.remote !== remote) return -1
  if (model.device !== 0 && model.device !== device) return -1
  const family = model.socket.family === AF_INET ? 1 : 0
  return (model.remote === '' ? 0 : 100) + (exact ? 10 : 0) + (model.device === 0 ? 0 : 5) + family
}

test('no two sockets share what Linux forbids, whatever is bound, connected, dissolved and closed', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      run(steps, (table, open) => expect(table.size).toBe(open.length))
    }),
  )
})

test('every packet goes to a socket that fits it best, with few sockets on a port and with many', () => {
  const many = fc.array(
    step.map((each) => ({ ...each, reuse: true, port: 1, act: each.act === 'close' ? 'bind' : each.act })),
    { minLength: 20, maxLength: 60 },
  )
  fc.assert(
    fc.property(fc.oneof(fc.array(step, { maxLength: 30 }), many), (steps) => {
      run(steps, (table, open) => {
        for (const local of ['10.0.0.1', '10.0.0.2', '2001:db8::1']) {
          for (const remote of PEERS) {
            for (const device of [1, 2]) {
              const best = Math.max(
                -1,
                ...open.filter((m) => m.port === 1).map((m) => score(m, local, `${remote} 1`, device)),
              )
              const found = table.lookup(IpAddress.parse(local), 1, remote, 1, device)
              const model = open.find((each) => each.socket === found)
              expect(model === undefined ? -1 : score(model, local, `${remote} 1`, device)).toBe(best)
            }
          }
        }
      })
    }),
  )
})

test('an ephemeral port is never one where another socket meets it; EADDRINUSE only where none is left', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.array(step, { maxLength: 12 }), (steps, late) => {
      run(steps, (table, open, host) => {
        transportSettings(host)
        host.set('net.ipv4.ip_local_port_range', '1 3')
        for (const { local, v6only, device, reuse, group } of late) {
          const address = ADDRESSES[local] as IpAddress
          const socket = new TestSocket(host, address.version === 6 ? AF_INET6 : AF_INET)
          Object.assign(socket.options, { reuseAddress: reuse, reusePort: group, v6only, boundInterface: device })
          const text = `${address}`
          const model: Model = {
            socket,
            local: text,
            wasLocal: text,
            port: 0,
            remote: '',
            reuse,
            group,
            v6only,
            device,
          }
          const meets = (port: number) => open.some((other) => other.port === port && overlap(model, other))
          const result = table.bind(socket, address, 0, socket.options)
          if (result === 0) {
            model.port = socket.localPort
            expect(meets(model.port)).toBe(false)
            open.push(model)
          } else {
            expect(result).toBe(-EADDRINUSE)
            expect([1, 2, 3].every(meets)).toBe(true)
          }
        }
      })
    }),
  )
})
