import { IpAddress } from '@jackfield/addr'
import {
  IPOPT_END,
  IPOPT_LSRR,
  IPOPT_NOP,
  IPOPT_RA,
  IPOPT_RR,
  IPOPT_SSRR,
  IPOPT_TS,
  IPOPT_TS_TSANDADDR,
  IPOPT_TS_TSONLY,
} from './options.js'

/** One option, for people and tools. */
export type Ipv4Option =
  | { readonly kind: 'nop' }
  | {
      readonly kind: 'record-route' | 'loose-source-route' | 'strict-source-route'
      /** Addresses so far, and the slots still empty behind them. */
      readonly addresses: readonly IpAddress[]
      /** From 4: where the next address goes, counted from 1 at the option's type. */
      readonly pointer: number
    }
  | {
      readonly kind: 'timestamp'
      /** `IPOPT_TS_TSONLY`, `IPOPT_TS_TSANDADDR` or `IPOPT_TS_PRESPEC`. */
      readonly flag: number
      readonly overflow: number
      readonly pointer: number
      /** Milliseconds since midnight UT, with the address where the flag has one. */
      readonly entries: readonly { readonly address?: IpAddress; readonly milliseconds: number }[]
    }
  | { readonly kind: 'router-alert'; readonly value: number }
  | { readonly kind: 'other'; readonly type: number; readonly data: Uint8Array }

/** Reads options until they end or one does not fit; that one and what follows is left out. */
export function parseOptions(bytes: Uint8Array): Ipv4Option[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const options: Ipv4Option[] = []
  let at = 0
  while (at < bytes.length) {
    const type = view.getUint8(at)
    if (type === IPOPT_END) break
    if (type === IPOPT_NOP) {
      options.push({ kind: 'nop' })
      at++
      continue
    }
    const length = at + 1 < bytes.length ? view.getUint8(at + 1) : 0
    if (length < 2 || at + length > bytes.length) break
    options.push(parseOption(view, bytes, at, type, length))
    at += length
  }
  return options
}

function parseOption(view: DataView, bytes: Uint8Array, at: number, type: number, length: number): Ipv4Option {
  if (type === IPOPT_RA && length === 4) return { kind: 'router-alert', value: view.getUint16(at + 2) }
  if ((type === IPOPT_RR || type === IPOPT_LSRR || type === IPOPT_SSRR) && length >= 3 && (length - 3) % 4 === 0) {
    const addresses: IpAddress[] = []
    for (let i = at + 3; i < at + length; i += 4) addresses.push(IpAddress.readV4(view, i))
    return { kind: routeKind(type), addresses, pointer: view.getUint8(at + 2) }
  }
  if (type === IPOPT_TS && length >= 4) {
    const flags = view.getUint8(at + 3)
    const flag = flags & 15
    const size = flag === IPOPT_TS_TSONLY ? 4 : 8
    if ((length - 4) % size === 0) {
      const entries: { address?: IpAddress; milliseconds: number }[] = []
      for (let i = at + 4; i < at + length; i += size) {
        if (size === 4) entries.push({ milliseconds: view.getUint32(i) })
        else entries.push({ address: IpAddress.readV4(view, i), milliseconds: view.getUint32(i + 4) })
      }
      return { kind: 'timestamp', flag, overflow: flags >>> 4, pointer: view.getUint8(at + 2), entries }
    }
  }
  return { kind: 'other', type, data: bytes.slice(at + 2, at + length) }
}

function routeKind(type: number): 'record-route' | 'loose-source-route' | 'strict-source-route' {
  if (type === IPOPT_RR) return 'record-route'
  return type === IPOPT_LSRR ? 'loose-source-route' : 'strict-source-route'
}

/** Writes options one after the other, padded with zeros to a multiple of 4. RangeError above 40 bytes. */
export function formatOptions(options: readonly Ipv4Option[]): Uint8Array {
  const out: number[] = []
  for (const option of options) {
    if (option.kind === 'nop') out.push(IPOPT_NOP)
    else if (option.kind === 'router-alert') out.push(IPOPT_RA, 4, option.value >>> 8, option.value & 255)
    else if (option.kind === 'other') out.push(option.type, option.data.length + 2, ...option.data)
    else if (option.kind === 'timestamp') {
      const size = option.flag === IPOPT_TS_TSONLY ? 4 : 8
      out.push(IPOPT_TS, 4 + option.entries.length * size, option.pointer, (option.overflow << 4) | option.flag)
      for (const entry of option.entries) {
        if (size === 8) out.push(...(entry.address ?? IpAddress.v4(0)).toBytes())
        pushWord(out, entry.milliseconds)
      }
    } else {
      const type =
        option.kind === 'record-route' ? IPOPT_RR : option.kind === 'loose-source-route' ? IPOPT_LSRR : IPOPT_SSRR
      out.push(type, 3 + option.addresses.length * 4, option.pointer)
      for (const address of option.addresses) out.push(...address.toBytes())
    }
  }
  while (out.length % 4 !== 0) out.push(IPOPT_END)
  if (out.length > 40) throw new RangeError(`options take at most 40 bytes, not ${out.length}`)
  return Uint8Array.from(out)
}

function pushWord(out: number[], word: number): void {
  out.push((word >>> 24) & 255, (word >>> 16) & 255, (word >>> 8) & 255, word & 255)
}

/** An empty record-route option for `hops` addresses, 1 to 9, padded: for `NetworkFlow.options`. */
export function recordRouteOption(hops: number): Uint8Array {
  if (!Number.isInteger(hops) || hops < 1 || hops > 9) {
    throw new RangeError(`a record route holds 1 to 9 hops, not ${hops}`)
  }
  const addresses = Array.from({ length: hops }, () => IpAddress.v4(0))
  return formatOptions([{ kind: 'nop' }, { kind: 'record-route', addresses, pointer: 4 }])
}

/** An empty timestamp option, padded; with `addresses` room for up to 4 entries, without for up to 9. */
export function timestampOption(entries: number, addresses: boolean): Uint8Array {
  const most = addresses ? 4 : 9
  if (!Number.isInteger(entries) || entries < 1 || entries > most) {
    throw new RangeError(`a timestamp option ${addresses ? 'with' : 'without'} addresses holds 1 to ${most} entries`)
  }
  const flag = addresses ? IPOPT_TS_TSANDADDR : IPOPT_TS_TSONLY
  const empty = Array.from({ length: entries }, () => ({ milliseconds: 0 }))
  return formatOptions([{ kind: 'timestamp', flag, overflow: 0, pointer: 5, entries: empty }])
}

/** The router alert option (RFC 2113), as IGMP sends it. */
export const ROUTER_ALERT_OPTION: Readonly<Uint8Array> = /* @__PURE__ */ Uint8Array.of(IPOPT_RA, 4, 0, 0)
