import type { ScriptHost } from './script-host.js'
import type { Subject } from './subject.js'
import { VirtualTime } from './virtual-time.js'

/** A stack in virtual time as what a script is run against. */
export function stackSubject(host: ScriptHost): Subject {
  const { clock, device, packets, sockets, stack } = host
  return {
    sockets,
    time: new VirtualTime(clock),
    sent: device.sent,
    inject: (bytes) => device.inject(bytes),
    hasSetting: (name) => stack.sysctl.names().includes(name),
    set: (name, value) => stack.sysctl.set(name, /^0[xX][0-9a-fA-F]+$/.test(value) ? Number(value) : value),
    setLink: (change) => stack.setInterface(host.interface, change),
    close: async () => {
      await host.close()
      const lost = packets.outstanding
      return lost === 0 ? null : `the stack lost ${lost} packets: they were never released`
    },
  }
}
