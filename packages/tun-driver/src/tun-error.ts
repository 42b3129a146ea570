import { EACCES, EBUSY, EINVAL, ENODEV, ENOENT, ENXIO, EPERM, SocketError } from '@jackfield/interfaces'

/** What opening or configuring a device throws: the failed call, and in its message what would help. */
export class TunError extends SocketError {
  /** @param errno Linux's number, positive. @param syscall The call or request that failed, as `'TUNSETIFF'`. */
  constructor(errno: number, syscall: string, options: { address?: string; detail?: string } = {}) {
    super(errno, syscall, options)
    this.name = 'TunError'
  }
}

/** The device node through which the kernel gives TUN and TAP devices. */
export const TUN_NODE = '/dev/net/tun'

/** Why `open('/dev/net/tun')` failed, and the remedy. */
export function openError(errno: number): TunError {
  return new TunError(errno, 'open', { address: TUN_NODE, detail: openRemedy(errno) })
}

function openRemedy(errno: number): string {
  if (errno === EACCES || errno === EPERM) {
    return (
      `run as root, give this user access to it (as root: \`chmod 666 ${TUN_NODE}\`), or run in a namespace of your own ` +
      '(`jackfield up --rootless`, or `unshare --user --map-root-user --net`, which need that access too)'
    )
  }
  // Without its module, the node is missing or has nothing behind it.
  if (errno === ENOENT || errno === ENODEV || errno === ENXIO) {
    return (
      'the kernel has no TUN device here: as root `modprobe tun`; ' +
      `start a container with \`--device ${TUN_NODE} --cap-add NET_ADMIN\``
    )
  }
  return 'the TUN device node cannot be opened'
}

/** Why the kernel refused the device (`TUNSETIFF`), and the remedy. */
export function attachError(errno: number, name: string, mode: string): TunError {
  return new TunError(errno, 'TUNSETIFF', { address: name, detail: attachRemedy(errno, name, mode) })
}

function attachRemedy(errno: number, name: string, mode: string): string {
  if (errno === EPERM || errno === EACCES) {
    return (
      'needs CAP_NET_ADMIN: run as root or in a namespace of your own (`unshare --user --map-root-user --net`), or have root ' +
      `make the device for this user (\`ip tuntap add dev ${name} mode ${mode} user $USER vnet_hdr\`)`
    )
  }
  if (errno === EBUSY) return `another program has ${name} open: end it, or take another name`
  if (errno === EINVAL) {
    return (
      `${name} exists and is no ${mode.toUpperCase()} device, or is one with another number of queues ` +
      '(multi_queue must be the same for all who open it)'
    )
  }
  return `the kernel made no ${mode.toUpperCase()} device of this name`
}

/** Why a setting of an interface failed, and the remedy. */
export function settingError(errno: number, request: string, name: string, wanted: string): TunError {
  let detail = `${wanted} of ${name} could not be set`
  if (errno === EPERM || errno === EACCES) detail += ': it needs CAP_NET_ADMIN; run as root, or have root set it'
  if (errno === ENODEV) detail = `there is no interface ${name}`
  return new TunError(errno, request, { address: name, detail })
}
