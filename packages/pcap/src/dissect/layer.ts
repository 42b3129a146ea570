/** Whether a checksum was found right or wrong. */
export type FieldStatus = 'good' | 'bad'

/** One field of a header. */
export interface Field {
  /** Wireshark's name of it, as `'ip.ttl'`. */
  readonly name: string
  /** What people call it, as `'Time to Live'`. */
  readonly label: string
  readonly value: number | string
  /** The value as people read it. */
  readonly text: string
  /** Where its bytes are: `[start, end)` of what was dissected. */
  readonly start: number
  readonly end: number
  readonly status?: FieldStatus
}

/** A protocol's part of a packet. */
export class Layer {
  /** Wireshark's name of the protocol, as `'ip'`. */
  readonly name: string
  /** Its heading in a tree. */
  title: string
  /** Where it is: `[start, end)` of what was dissected, headers and payload. */
  readonly start: number
  end: number
  readonly fields: Field[] = []
  /** What it carries. */
  payload: Layer | null = null
  /** The packet that an ICMP error quotes. */
  quoted: Layer | null = null
  /** What begins its line, but not behind a link header (`'IP '`, `'ARP, '`). */
  label = ''
  /** What tcpdump prints of it, and of all that it carries, after the label. */
  line = ''
  /** What tcpdump's `-e` prints of a link layer before its payload's line; null for any other layer. */
  linkHeader: string | null = null
  /** Whether `line` tells the addresses of the packet, so that the network layer need not. */
  addressed = false
  /** What is wrong with it, as `'truncated'`; null for a whole one. */
  fault: string | null = null

  constructor(name: string, title: string, start: number, end: number) {
    this.name = name
    this.title = title
    this.start = start
    this.end = end
  }

  /** Adds a field. `text` is the value as text unless given. */
  add(
    name: string,
    label: string,
    value: number | string,
    start: number,
    end: number,
    text: string = String(value),
    status?: FieldStatus,
  ): void {
    const field = { name, label, value, text, start, end }
    this.fields.push(status === undefined ? field : { ...field, status })
  }

  /** Marks it as cut short, as tcpdump does: ` [|udp]` behind `before`. */
  truncate(name: string, before = ''): this {
    this.fault = 'truncated'
    this.line = `${before} [|${name}]`
    return this
  }
}

/** The field of that name in a layer or in what it carries; undefined if there is none. Quoted packets are left out. */
export function findField(layer: Layer, name: string): Field | undefined {
  for (let at: Layer | null = layer; at !== null; at = at.payload) {
    for (const field of at.fields) if (field.name === name) return field
  }
  return undefined
}

/** The layer of that name in a layer or in what it carries; undefined if there is none. */
export function findLayer(layer: Layer, name: string): Layer | undefined {
  for (let at: Layer | null = layer; at !== null; at = at.payload) if (at.name === name) return at
  return undefined
}
