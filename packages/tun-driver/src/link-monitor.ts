import { type KernelCalls, SOCK_CLOEXEC, SOCK_NONBLOCK } from './kernel-calls.js'
import { ReadableWatch } from './readable-watch.js'

const AF_NETLINK = 16
const SOCK_RAW = 3
const NETLINK_ROUTE = 0
const RTMGRP_LINK = 1
const SOL_NETLINK = 270
const NETLINK_NO_ENOBUFS = 5
const NETLINK_LISTEN_ALL_NSID = 8

/**
 * Hears from the kernel that some interface changed (rtnetlink's link group), without being kept running by it.
 * The messages are not parsed: they may be lost when many come, so the listener asks for the state that holds.
 */
export class LinkMonitor {
  private readonly calls: KernelCalls
  private readonly watch: ReadableWatch | null

  /** Where the system gives no such socket, nothing is heard. */
  constructor(calls: KernelCalls, changed: () => void) {
    this.calls = calls
    const fd = calls.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE)
    if (fd < 0) {
      this.watch = null
      return
    }
    // Lost messages must not end the watch with an error.
    switchOn(calls, fd, NETLINK_NO_ENOBUFS)
    const address = new DataView(new ArrayBuffer(12))
    address.setUint16(0, AF_NETLINK, true)
    address.setUint32(8, RTMGRP_LINK, true)
    if (calls.bind(fd, new Uint8Array(address.buffer), 12) < 0) {
      calls.close(fd)
      this.watch = null
      return
    }
    this.watch = new ReadableWatch(calls, fd, { readable: changed, ended: changed })
    this.watch.unref()
  }

  /**
   * Hears of interfaces in other network namespaces too: in all that the kernel has a number for here, as it has once an interface
   * was moved there from here. Needs CAP_NET_BROADCAST; without it nothing changes. A socket of its own in the other
   * namespace would keep that one in being.
   */
  hearOthers(): void {
    if (this.watch !== null) switchOn(this.calls, this.watch.fd, NETLINK_LISTEN_ALL_NSID)
  }

  close(): void {
    this.watch?.close()
  }
}

function switchOn(calls: KernelCalls, fd: number, option: number): void {
  const on = new DataView(new ArrayBuffer(4))
  on.setInt32(0, 1, true)
  calls.setsockopt(fd, SOL_NETLINK, option, new Uint8Array(on.buffer), 4)
}
