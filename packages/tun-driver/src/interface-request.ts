import { type IpAddress, MacAddress, type Prefix } from '@jackfield/addr'
import {
  EEXIST,
  ENODEV,
  SIOCGIFFLAGS,
  SIOCGIFHWADDR,
  SIOCGIFINDEX,
  SIOCGIFMTU,
  SIOCGIFNAME,
} from '@jackfield/interfaces'
import { type KernelCalls, SOCK_CLOEXEC } from './kernel-calls.js'
import { settingError, TunError } from './tun-error.js'

const AF_INET = 2
const AF_INET6 = 10
const SOCK_DGRAM = 2

// linux/sockios.h; the requests that only read are in @jackfield/interfaces.
const SIOCSIFFLAGS = 0x8914
const SIOCSIFADDR = 0x8916
const SIOCSIFNETMASK = 0x891c
const SIOCSIFMTU = 0x8922
const SIOCSIFHWADDR = 0x8924

/** `struct ifreq`: 16 bytes of name, then a union. 40 bytes on 64-bit systems, 32 on others. */
const IFREQ_LENGTH = 40
const NAME_LENGTH = 16
const UNION = 16

const IFF_UP = 1
const IFF_RUNNING = 0x40
const ARPHRD_ETHER = 1

/** What the kernel says of its end of an interface. */
export interface InterfaceInformation {
  /** The kernel's number of it. */
  readonly index: number
  /** Bytes. */
  readonly mtu: number
  /** Whether it was set up (`ip link set NAME up`). */
  readonly up: boolean
  /** Whether, besides, somebody is at the other end. */
  readonly running: boolean
  /** The address of the kernel's end; absent where the medium has none. */
  readonly hardwareAddress?: MacAddress
}

/** An interface name as `ifreq` wants it, in a fresh structure. The name was checked by `checkName`. */
export function interfaceRequest(name: string): DataView {
  const view = new DataView(new ArrayBuffer(IFREQ_LENGTH))
  for (let i = 0; i < name.length; i++) view.setUint8(i, name.charCodeAt(i))
  return view
}

/** The name that the kernel wrote into a request. */
export function requestName(request: DataView): string {
  let name = ''
  for (let i = 0; i < NAME_LENGTH; i++) {
    const code = request.getUint8(i)
    if (code === 0) break
    name += String.fromCharCode(code)
  }
  return name
}

/**
 * Interface names are 1 to 15 printable ASCII characters without a slash or colon (Linux's `dev_valid_name`).
 * @param pattern whether one `%d` may stand for a number that the kernel chooses
 * @throws TypeError that says what would be right
 */
export function checkName(name: string, pattern = false): void {
  const plain = pattern ? name.replace('%d', '0') : name
  if (/^[!-~]{1,15}$/.test(name) && !/[/:%]/.test(plain) && plain !== '.' && plain !== '..') return
  const example = pattern ? "'tun0', or 'tun%d' for the first free number" : "'tun0'"
  throw new TypeError(
    `${JSON.stringify(name)} is not an interface name: 1 to 15 ASCII characters without space, '/', ':' and '%', as in ${example}`,
  )
}

/** Sockets through which interfaces are asked and set; closed when `use` returns. */
export function withControlSocket<T>(calls: KernelCalls, family: 4 | 6, use: (fd: number) => T): T {
  const fd = calls.socket(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)
  if (fd < 0) {
    const detail = family === 6 ? 'IPv6 is switched off on this system' : 'no socket to configure an interface with'
    throw new TunError(calls.errno(), 'socket', { detail })
  }
  try {
    return use(fd)
  } finally {
    calls.close(fd)
  }
}

/** Asks the kernel about an interface; null where there is none of this name. */
export function readState(calls: KernelCalls, name: string): InterfaceInformation | null {
  return withControlSocket(calls, 4, (fd) => {
    const ask = (code: number, what: string): DataView | null => {
      const request = interfaceRequest(name)
      if (calls.ioctl(fd, code, bytesOf(request)) >= 0) return request
      const errno = calls.errno()
      if (errno === ENODEV) return null
      throw new TunError(errno, what, { address: name })
    }
    const index = ask(SIOCGIFINDEX, 'SIOCGIFINDEX')
    const mtu = ask(SIOCGIFMTU, 'SIOCGIFMTU')
    const flags = ask(SIOCGIFFLAGS, 'SIOCGIFFLAGS')
    const hardware = ask(SIOCGIFHWADDR, 'SIOCGIFHWADDR')
    if (index === null || mtu === null || flags === null || hardware === null) return null
    const bits = flags.getUint16(UNION, true)
    const ethernet = hardware.getUint16(UNION, true) === ARPHRD_ETHER
    return {
      index: index.getInt32(UNION, true),
      mtu: mtu.getInt32(UNION, true),
      up: (bits & IFF_UP) !== 0,
      running: (bits & IFF_UP) !== 0 && (bits & IFF_RUNNING) !== 0,
      ...(ethernet ? { hardwareAddress: MacAddress.read(hardware, UNION + 2) } : {}),
    }
  })
}

/** As `readState`, of the interface with this index, whatever it is called by now. */
export function readStateOf(calls: KernelCalls, index: number): InterfaceInformation | null {
  const request = interfaceRequest('')
  request.setInt32(UNION, index, true)
  const found = withControlSocket(calls, 4, (fd) => calls.ioctl(fd, SIOCGIFNAME, bytesOf(request)) >= 0)
  return found ? readState(calls, requestName(request)) : null
}

/** Sets the MTU. TunError. */
export function setMtu(calls: KernelCalls, name: string, mtu: number): void {
  const request = interfaceRequest(name)
  request.setInt32(UNION, mtu, true)
  withControlSocket(calls, 4, (fd) => send(calls, fd, SIOCSIFMTU, 'SIOCSIFMTU', name, `the MTU ${mtu}`, request))
}

/** Sets the hardware address of the kernel's end. TunError. */
export function setHardwareAddress(calls: KernelCalls, name: string, address: MacAddress): void {
  const request = interfaceRequest(name)
  request.setUint16(UNION, ARPHRD_ETHER, true)
  address.writeTo(request, UNION + 2)
  const wanted = `the hardware address ${address}`
  withControlSocket(calls, 4, (fd) => send(calls, fd, SIOCSIFHWADDR, 'SIOCSIFHWADDR', name, wanted, request))
}

/** Sets the interface up or down. TunError. */
export function setUp(calls: KernelCalls, name: string, up: boolean): void {
  withControlSocket(calls, 4, (fd) => {
    const request = interfaceRequest(name)
    const wanted = `the state ${up ? 'up' : 'down'}`
    send(calls, fd, SIOCGIFFLAGS, 'SIOCGIFFLAGS', name, wanted, request)
    const flags = request.getUint16(UNION, true)
    request.setUint16(UNION, up ? flags | IFF_UP : flags & ~IFF_UP, true)
    send(calls, fd, SIOCSIFFLAGS, 'SIOCSIFFLAGS', name, wanted, request)
  })
}

/**
 * Gives the interface an address with its subnet, which the kernel then routes there. An IPv4 address takes the place of
 * one that was set before (the request knows one for each name); IPv6 addresses add up. TunError.
 */
export function setAddress(calls: KernelCalls, name: string, prefix: Prefix): void {
  const wanted = `the address ${prefix}`
  if (prefix.address.version === 4) {
    withControlSocket(calls, 4, (fd) => {
      const address = addressRequest(name, prefix.address)
      send(calls, fd, SIOCSIFADDR, 'SIOCSIFADDR', name, wanted, address)
      const mask = addressRequest(name, prefix.mask)
      send(calls, fd, SIOCSIFNETMASK, 'SIOCSIFNETMASK', name, wanted, mask)
    })
    return
  }
  withControlSocket(calls, 6, (fd) => {
    const state = readState(calls, name)
    if (state === null) throw settingError(ENODEV, 'SIOCSIFADDR', name, wanted)
    // struct in6_ifreq: the address, the prefix length, the interface's index.
    const request = new DataView(new ArrayBuffer(24))
    prefix.address.writeTo(request, 0)
    request.setUint32(16, prefix.length, true)
    request.setInt32(20, state.index, true)
    if (calls.ioctl(fd, SIOCSIFADDR, bytesOf(request)) >= 0) return
    const errno = calls.errno()
    if (errno !== EEXIST) throw settingError(errno, 'SIOCSIFADDR', name, wanted)
  })
}

/** `ifreq` with a `sockaddr_in`. */
function addressRequest(name: string, address: IpAddress): DataView {
  const request = interfaceRequest(name)
  request.setUint16(UNION, AF_INET, true)
  address.writeTo(request, UNION + 4)
  return request
}

function send(
  calls: KernelCalls,
  fd: number,
  code: number,
  what: string,
  name: string,
  wanted: string,
  request: DataView,
): void {
  if (calls.ioctl(fd, code, bytesOf(request)) < 0) throw settingError(calls.errno(), what, name, wanted)
}

/** The bytes of a request. */
export function bytesOf(request: DataView): Uint8Array {
  return new Uint8Array(request.buffer)
}
