import * as tcp from '@jackfield/tcp/wire'
import type { Layer } from './layer.js'

/** Adds the options in `[from, to)` to a TCP layer, under Wireshark's names. @param cut whether there were more bytes of them */
export function addTcpOptions(layer: Layer, view: DataView, from: number, to: number, cut: boolean): void {
  let at = from
  while (at < to) {
    const kind = view.getUint8(at)
    if (kind === tcp.TCPOPT_EOL) {
      layer.add('tcp.options.eol', 'Option', kind, at, at + 1, 'end of options')
      return
    }
    if (kind === tcp.TCPOPT_NOP) {
      layer.add('tcp.options.nop', 'Option', kind, at, at + 1, 'no operation')
      at++
      continue
    }
    const length = at + 1 < to ? view.getUint8(at + 1) : 0
    if (length < 2 || at + length > to) {
      layer.fault = cut && length !== 1 ? 'truncated' : 'bad option'
      layer.add('tcp.option_kind', 'Option', kind, at, to, `kind ${kind}, ${to - at} bytes`)
      return
    }
    addOption(layer, view, kind, at, length)
    at += length
  }
}

function addOption(layer: Layer, view: DataView, kind: number, at: number, length: number): void {
  const end = at + length
  const known = readers[kind]
  if (known?.(layer, view, at, end)) return
  layer.add('tcp.option_kind', 'Option', kind, at, end, `kind ${kind}, ${length} bytes`)
}

/** Adds the option in `[at, end)`, or answers false where it is not of the kind's length. */
type Reader = (layer: Layer, view: DataView, at: number, end: number) => boolean

const readers: Readonly<Record<number, Reader>> = {
  [tcp.TCPOPT_MSS](layer, view, at, end) {
    if (end - at !== tcp.TCPOLEN_MSS) return false
    const mss = view.getUint16(at + 2)
    layer.add('tcp.options.mss_val', 'Option', mss, at, end, `maximum segment size ${mss}`)
    return true
  },
  [tcp.TCPOPT_WINDOW](layer, view, at, end) {
    if (end - at !== tcp.TCPOLEN_WINDOW) return false
    const shift = view.getUint8(at + 2)
    layer.add('tcp.options.wscale.shift', 'Option', shift, at, end, `window scale ${shift}`)
    return true
  },
  [tcp.TCPOPT_SACK_PERM](layer, _view, at, end) {
    if (end - at !== tcp.TCPOLEN_SACK_PERM) return false
    layer.add('tcp.options.sack_perm', 'Option', tcp.TCPOPT_SACK_PERM, at, end, 'SACK permitted')
    return true
  },
  [tcp.TCPOPT_SACK](layer, view, at, end) {
    const count = (end - at - tcp.TCPOLEN_SACK_BASE) / tcp.TCPOLEN_SACK_PERBLOCK
    if (!Number.isInteger(count)) return false
    layer.add('tcp.options.sack.count', 'Option', count, at, end, `SACK, ${count} blocks`)
    for (let i = at + tcp.TCPOLEN_SACK_BASE; i < end; i += tcp.TCPOLEN_SACK_PERBLOCK) {
      layer.add('tcp.options.sack_le', 'SACK Left Edge', view.getUint32(i), i, i + 4)
      layer.add('tcp.options.sack_re', 'SACK Right Edge', view.getUint32(i + 4), i + 4, i + 8)
    }
    return true
  },
  [tcp.TCPOPT_TIMESTAMP](layer, view, at, end) {
    if (end - at !== tcp.TCPOLEN_TIMESTAMP) return false
    layer.add('tcp.options.timestamp.tsval', 'Timestamp value', view.getUint32(at + 2), at + 2, at + 6)
    layer.add('tcp.options.timestamp.tsecr', 'Timestamp echo reply', view.getUint32(at + 6), at + 6, at + 10)
    return true
  },
  [tcp.TCPOPT_MD5SIG](layer, view, at, end) {
    if (end - at !== tcp.TCPOLEN_MD5SIG) return false
    layer.add('tcp.options.md5.digest', 'MD5 digest', octets(view, at + 2, end), at + 2, end)
    return true
  },
  [tcp.TCPOPT_AO](layer, view, at, end) {
    if (end - at < tcp.TCPOLEN_AO_BASE) return false
    layer.add('tcp.options.ao.keyid', 'AO KeyID', view.getUint8(at + 2), at + 2, at + 3)
    layer.add('tcp.options.ao.rnextkeyid', 'AO RNextKeyID', view.getUint8(at + 3), at + 3, at + 4)
    if (end > at + 4) layer.add('tcp.options.ao.mac', 'AO MAC', octets(view, at + 4, end), at + 4, end)
    return true
  },
  [tcp.TCPOPT_FASTOPEN](layer, view, at, end) {
    addCookie(layer, view, at, at + tcp.TCPOLEN_FASTOPEN_BASE, end)
    return true
  },
  [tcp.TCPOPT_EXP](layer, view, at, end) {
    if (end - at < tcp.TCPOLEN_EXP_FASTOPEN_BASE) return false
    const experiment = view.getUint16(at + 2)
    if (experiment === tcp.TCPOPT_FASTOPEN_MAGIC) {
      addCookie(layer, view, at, at + tcp.TCPOLEN_EXP_FASTOPEN_BASE, end)
    } else {
      const text = `experiment 0x${octets(view, at + 2, at + 4)}, ${end - at} bytes`
      layer.add('tcp.options.experimental.exid', 'Option', experiment, at, end, text)
    }
    return true
  },
}

function addCookie(layer: Layer, view: DataView, at: number, from: number, end: number): void {
  if (from === end) layer.add('tcp.options.tfo.request', 'Option', 1, at, end, 'Fast Open cookie request')
  else layer.add('tcp.options.tfo.cookie', 'Fast Open Cookie', octets(view, from, end), from, end)
}

function octets(view: DataView, from: number, to: number): string {
  let text = ''
  for (let at = from; at < to; at++) text += view.getUint8(at).toString(16).padStart(2, '0')
  return text
}
