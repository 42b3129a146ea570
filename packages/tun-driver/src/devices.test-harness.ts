import type { Packet } from '@jackfield/packet'
import { afterEach, expect } from 'vitest'
import { EchoReceiver } from './echo.test-receiver.js'
import type { TunDevice } from './index.js'

const devices: TunDevice[] = []
const receivers: EchoReceiver[] = []

/** Opens a device that is closed after the test; its packets must all have been released by then. */
export function opened<D extends TunDevice>(device: D, keep?: (packet: Packet) => boolean): [D, EchoReceiver] {
  const receiver = new EchoReceiver(device, keep)
  devices.push(device)
  receivers.push(receiver)
  device.open(receiver)
  return [device, receiver]
}

afterEach(() => {
  for (const device of devices.splice(0)) device.close()
  for (const receiver of receivers.splice(0)) {
    receiver.releaseKept()
    expect(receiver.pool.outstanding).toBe(0)
  }
})
