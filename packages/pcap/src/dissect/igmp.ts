import { IpAddress } from '@jackfield/addr'
import { checksum } from '@jackfield/packet'
import type { DissectInput } from './dissectors.js'
import { Layer } from './layer.js'
import { hex, relativeTime } from './number-format.js'

// Types of IGMP (RFC 2236 2.1, RFC 3376 4).
const QUERY = 0x11
const V1_REPORT = 0x12
const V2_REPORT = 0x16
const LEAVE = 0x17
const V3_REPORT = 0x22

const names: Readonly<Record<number, string>> = {
  [QUERY]: 'membership query',
  [V1_REPORT]: 'v1 membership report',
  [V2_REPORT]: 'v2 membership report',
  [LEAVE]: 'leave group',
  [V3_REPORT]: 'v3 membership report',
}

/** Group record types of IGMPv3 (RFC 3376 4.2.12). */
const recordNames = ['', 'IS_IN', 'IS_EX', 'TO_IN', 'TO_EX', 'ALLOW', 'BLOCK']

/** IGMP of any version (RFC 1112, RFC 2236, RFC 3376). */
export function dissectIgmp(input: DissectInput): Layer {
  const { view, start, end, length } = input
  const layer = new Layer('igmp', 'Internet Group Management Protocol', start, end)
  if (end === start) return layer.truncate('igmp')
  const type = view.getUint8(start)
  layer.add('igmp.type', 'Type', type, start, start + 1, `${hex(type, 2)} (${names[type] ?? 'unknown'})`)
  if (type === V3_REPORT && length < 16) {
    layer.fault = 'bad length'
    layer.line = `igmp v3 report [invalid len ${length}]`
    return layer
  }
  if (end - start < 8) return layer.truncate('igmp', shortLine(type, end - start))
  const code = view.getUint8(start + 1)
  const sum = view.getUint16(start + 2)
  const whole = end - start === length && !(input.network?.fragmented ?? false) && !input.quoted
  const status = checksum(view, start, end) === 0 ? 'good' : 'bad'
  layer.add('igmp.max_resp', 'Max Resp Code', code, start + 1, start + 2)
  layer.add('igmp.checksum', 'Checksum', sum, start + 2, start + 4, hex(sum, 4), whole ? status : undefined)
  if (type === V3_REPORT) return report(layer, input)
  const group = IpAddress.readV4(view, start + 4)
  if (type === QUERY || type === V1_REPORT || type === V2_REPORT || type === LEAVE) {
    layer.add('igmp.maddr', 'Multicast Address', group.toString(), start + 4, start + 8)
  }
  if (type === QUERY && length >= 12) return queryV3(layer, input, code, group)
  const odd = length === 8 ? '' : ` [len ${length}]`
  if (type === QUERY) {
    const time = code === 0 ? 'v1' : code === 100 ? 'v2' : `v2 [max resp time ${code}]`
    layer.line = `igmp query ${time}${group.isUnspecified ? '' : ` [gaddr ${group}]`}${odd}`
  } else if (type === V1_REPORT) layer.line = `igmp v1 report ${group}${odd}`
  else if (type === V2_REPORT) layer.line = `igmp v2 report ${group}${odd}`
  else if (type === LEAVE) layer.line = `igmp leave ${group}${odd}`
  else layer.line = `igmp-${type}`
  return layer
}

/** What is told of a message before it breaks off. */
function shortLine(type: number, there: number): string {
  if (type === V3_REPORT) return 'igmp v3 report'
  if (type !== QUERY) return ''
  return there < 2 ? 'igmp query' : 'igmp query v2'
}

/** RFC 3376 4.1: codes from 128 are floating-point numbers. */
function tenths(code: number): number {
  return code < 128 ? code : ((code & 15) | 16) << (((code >>> 4) & 7) + 3)
}

function queryV3(layer: Layer, input: DissectInput, code: number, group: IpAddress): Layer {
  const { view, start, end } = input
  if (end - start < 12) return layer.truncate('igmp', 'igmp query v3')
  const sources = view.getUint16(start + 10)
  const flags = view.getUint8(start + 8)
  layer.add('igmp.s', 'Suppress', (flags >>> 3) & 1, start + 8, start + 9)
  layer.add('igmp.qrv', 'QRV', flags & 7, start + 8, start + 9)
  const interval = view.getUint8(start + 9)
  layer.add('igmp.qqic', 'QQIC', interval, start + 9, start + 10, `${interval} (${tenths(interval)} s)`)
  layer.add('igmp.num_src', 'Sources', sources, start + 10, start + 12)
  addSources(layer, view, start + 12, Math.min(end, start + 12 + sources * 4))
  const limit = tenths(code)
  let line = 'igmp query v3'
  if (limit !== 100)
    line += ` [max resp time ${limit < 600 ? `${(limit / 10).toFixed(1)}s` : relativeTime(Math.floor(limit / 10))}]`
  if (!group.isUnspecified) line += ` [gaddr ${group}${sources > 0 ? `, ${sources} source(s)` : ''}]`
  layer.line = line
  return layer
}

function addSources(layer: Layer, view: DataView, from: number, end: number): void {
  for (let at = from; at + 4 <= end; at += 4) {
    layer.add('igmp.saddr', 'Source Address', IpAddress.readV4(view, at).toString(), at, at + 4)
  }
}

function report(layer: Layer, input: DissectInput): Layer {
  const { view, start, end } = input
  const count = view.getUint16(start + 6)
  layer.add('igmp.num_grp_recs', 'Group Records', count, start + 6, start + 8)
  let at = start + 8
  let read = 0
  while (read < count && at + 8 <= end) {
    const type = view.getUint8(at)
    const sources = view.getUint16(at + 2)
    const group = IpAddress.readV4(view, at + 4).toString()
    layer.add(
      'igmp.record',
      'Record',
      group,
      at,
      at + 8,
      `${recordNames[type] || `type ${type}`} ${group}, ${sources} sources`,
    )
    const last = at + 8 + sources * 4
    addSources(layer, view, at + 8, Math.min(end, last))
    // In units of 4 bytes.
    at = last + view.getUint8(at + 1) * 4
    read++
  }
  if (read < count || at > end) layer.fault = 'truncated'
  layer.line = `igmp v3 report, ${count} group record(s)`
  return layer
}
