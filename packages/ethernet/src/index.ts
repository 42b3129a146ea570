export type { ProbeResult } from './address-probe.js'
export type { AddressConflict } from './arp-responder.js'
export { type EthernetModule, type EthernetOptions, ethernet } from './ethernet.js'
export { createVlanDevices, type VlanDevices, type VlanOptions } from './vlan-devices.js'
