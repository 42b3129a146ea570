import { Layer } from './layer.js'

/** Bytes shown in a tree. */
const SHOWN = 32

/** What no dissector reads: bytes `[start, end)` of the `length` that there were. */
export function dataLayer(view: DataView, start: number, end: number, length: number): Layer {
  const layer = new Layer('data', 'Data', start, end)
  const last = end - start > SHOWN ? start + SHOWN : end
  let text = ''
  for (let at = start; at < last; at++) text += view.getUint8(at).toString(16).padStart(2, '0')
  if (last < end) text += '…'
  if (end > start) layer.add('data.data', 'Data', text, start, end)
  layer.add('data.len', 'Length', length, start, end)
  if (end - start < length) layer.fault = 'truncated'
  layer.line = `length ${length}`
  return layer
}
