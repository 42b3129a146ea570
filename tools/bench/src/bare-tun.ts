import { type KernelSocketCalls, kernelSocketCalls } from './kernel-calls.js'
import { command } from './namespace.js'
import { Meter, type TcpResult, type TcpTask } from './tcp-task.js'

const O_RDWR = 2
const IFF_TUN_NO_PI_VNET_HDR = 0x0001 | 0x1000 | 0x4000
const TUNSETIFF = 0x4004_54ca
const TUNSETOFFLOAD = 0x4004_54d0
/** Checksums and TSO for IPv4. */
const TUN_F = 0x01 | 0x02
const VNET = 10
const IP = VNET
const TCP = VNET + 20
const DATA = TCP + 20
const MSS = 1460
/** The most payload in one packet to the device. */
const LARGE = MSS * 44
/** Read before one acknowledgement is written. */
const BURST = 32

/**
 * The least that a program on a TUN device can do and still have the kernel's TCP move data: no socket, no queue, no timer, no
 * delivery, no check; nothing may be lost. What it reaches bounds every stack in the same language.
 */
export class BareTun {
  private readonly calls: KernelSocketCalls = kernelSocketCalls()
  private readonly fd: number
  private readonly bytes = new Uint8Array(65_536 + 64)
  private readonly view = new DataView(this.bytes.buffer)
  private readonly address = this.calls.addressOf(this.bytes)
  private readonly answer = new Uint8Array(65_536 + 64)
  private readonly out = new DataView(this.answer.buffer)
  private readonly outAddress = this.calls.addressOf(this.answer)
  private seq = 1000
  private ack = 0

  private readonly source4: number

  /** @param address its own, as `'10.99.0.2'`; `host`: the kernel's end, with its prefix length */
  constructor(name: string, address: string, host: string) {
    const { calls } = this
    this.fd = calls.open('/dev/net/tun', O_RDWR)
    const request = new Uint8Array(40)
    request.set(new TextEncoder().encode(name))
    new DataView(request.buffer).setUint16(16, IFF_TUN_NO_PI_VNET_HDR, true)
    if (this.fd < 0 || calls.ioctl(this.fd, TUNSETIFF, calls.addressOf(request)) < 0)
      throw new Error(`no device ${name}`)
    calls.ioctl(this.fd, TUNSETOFFLOAD, TUN_F)
    this.source4 = ipv4(address)
    command('ip', 'address', 'add', host, 'dev', name)
    command('ip', 'link', 'set', name, 'up')
  }

  perform(task: TcpTask, began: () => void): TcpResult {
    if (task.task === 'sink') return this.sink(began)
    if (task.task === 'source') return this.source(task, began)
    throw new Error('a bare program is a sink or a source')
  }

  close(): void {
    this.calls.close(this.fd)
  }

  /** Reads one packet of TCP; its length without the header of the device. */
  private read(): number {
    for (;;) {
      const length = this.calls.read(this.fd, this.address, this.bytes.length) - VNET
      if (length >= 40 && this.view.getUint8(IP) === 0x45 && this.view.getUint8(IP + 9) === 6) return length
    }
  }

  private sink(began: () => void): TcpResult {
    const { view } = this
    began()
    while ((view.getUint8(TCP + 13) & 2) === 0) this.read()
    this.ack = (view.getInt32(TCP + 4) + 1) | 0
    this.turnRound()
    this.write(0x12, 0)
    const meter = new Meter()
    for (let packets = 0; ; packets++) {
      const length = this.read()
      const header = (view.getUint8(TCP + 12) >>> 4) * 4
      const payload = length - 20 - header
      if (view.getInt32(TCP + 4) === this.ack) this.ack = (this.ack + payload) | 0
      meter.add(payload)
      const flags = view.getUint8(TCP + 13)
      if ((flags & 5) !== 0) {
        this.ack = (this.ack + 1) | 0
        this.write(0x14, 0)
        return meter.result()
      }
      if (packets % BURST === 0 || length < LARGE) this.write(0x10, 0)
    }
  }

  private source(task: TcpTask & { task: 'source' }, began: () => void): TcpResult {
    const { view, out } = this
    began()
    out.setUint32(IP + 12, this.source4)
    out.setUint32(IP + 16, ipv4(task.to))
    out.setUint16(TCP, 40_000 + Math.floor(Math.random() * 20_000))
    out.setUint16(TCP + 2, task.port)
    this.write(0x02, 0)
    while ((view.getUint8(TCP + 13) & 0x12) !== 0x12) this.read()
    const scale = scaleOf(view)
    this.ack = (view.getInt32(TCP + 4) + 1) | 0
    let una = view.getInt32(TCP + 8)
    let window = view.getUint16(TCP + 14)
    this.write(0x10, 0)
    const end = performance.now() + task.span
    while (performance.now() < end) {
      while (((una + window - this.seq) | 0) >= LARGE) this.write(0x10, LARGE)
      this.read()
      una = view.getInt32(TCP + 8)
      window = view.getUint16(TCP + 14) << scale
    }
    this.write(0x14, 0)
    return { rate: 0 }
  }

  /** What came from there goes back there. */
  private turnRound(): void {
    const { view, out } = this
    out.setUint32(IP + 12, view.getUint32(IP + 16))
    out.setUint32(IP + 16, view.getUint32(IP + 12))
    out.setUint16(TCP, view.getUint16(TCP + 2))
    out.setUint16(TCP + 2, view.getUint16(TCP))
  }

  private write(flags: number, payload: number): void {
    const { out, calls } = this
    const syn = (flags & 2) !== 0
    const header = syn ? 28 : 20
    const length = 20 + header + payload
    out.setUint8(0, 1)
    out.setUint8(1, payload > MSS ? 1 : 0)
    out.setUint16(2, 20 + header, true)
    out.setUint16(4, payload > MSS ? MSS : 0, true)
    out.setUint16(6, 20, true)
    out.setUint16(8, 16, true)
    out.setUint16(IP, 0x4500)
    out.setUint16(IP + 2, length)
    out.setUint32(IP + 4, 0x4000)
    out.setUint16(IP + 8, 0x4006)
    out.setUint16(IP + 10, 0)
    out.setUint16(IP + 10, 0xffff ^ this.sum(IP, TCP))
    out.setInt32(TCP + 4, this.seq)
    out.setInt32(TCP + 8, this.ack)
    out.setUint16(TCP + 12, (header << 10) | flags)
    out.setUint16(TCP + 14, 0xffff)
    out.setUint32(TCP + 16, 0)
    // Partial: the pseudo-header's sum alone.
    out.setUint16(TCP + 16, fold(this.sum(IP + 12, TCP) + 6 + header + payload))
    if (syn) {
      out.setUint32(DATA, 0x0204_0000 | MSS)
      // A window scale of 14.
      out.setUint32(DATA + 4, 0x0103_030e)
    }
    if (calls.write(this.fd, this.outAddress, VNET + length) < 0) throw new Error('the device took no packet')
    this.seq = (this.seq + payload + (syn ? 1 : 0)) | 0
  }

  private sum(from: number, to: number): number {
    let sum = 0
    for (let at = from; at < to; at += 2) sum += this.out.getUint16(at)
    return fold(sum)
  }
}

function fold(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16)
  return (once & 0xffff) + (once >>> 16)
}

function ipv4(text: string): number {
  return text.split('.').reduce((value, part) => value * 256 + Number(part), 0)
}

/** The window scale in the options of a SYN. */
function scaleOf(view: DataView): number {
  const end = TCP + (view.getUint8(TCP + 12) >>> 4) * 4
  for (let at = DATA; at < end; ) {
    const kind = view.getUint8(at)
    if (kind === 3) return view.getUint8(at + 2)
    at += kind === 1 ? 1 : Math.max(2, view.getUint8(at + 1))
  }
  return 0
}
