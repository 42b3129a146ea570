/** The parsed form of a script. Times are in microseconds, sequence numbers and the like as the script has them. */
export interface Script {
  /** `--name=value` lines at its top, in order; a flag without a value has `''`. */
  readonly options: readonly ScriptOption[]
  /** Commands that come before the first event. */
  readonly init: CommandSpec | null
  readonly events: readonly ScriptEvent[]
  /** The command behind the last event. */
  readonly cleanup: CommandSpec | null
}

/** One `--name=value`. */
export interface ScriptOption {
  readonly name: string
  readonly value: string
  readonly line: number
}

/** When an event happens. Relative times count from the moment at which the event before it was done. */
export interface EventTime {
  readonly relative: boolean
  /** `*`: at any time. */
  readonly any: boolean
  readonly start: number
  /** The end of a range (`0.1~0.2`), or the start. */
  readonly end: number
  /** Whether it was written as a range. */
  readonly range: boolean
}

/** One timed line of a script. */
export interface ScriptEvent {
  readonly line: number
  readonly time: EventTime
  readonly action: PacketSpec | SyscallSpec | CommandSpec | CodeSpec
}

/** `` `command` `` */
export interface CommandSpec {
  readonly kind: 'command'
  readonly line: number
  readonly text: string
}

/** `%{ code }%` */
export interface CodeSpec {
  readonly kind: 'code'
  readonly line: number
  readonly text: string
}

/** A system call and what it returns. */
export interface SyscallSpec {
  readonly kind: 'syscall'
  readonly line: number
  readonly name: string
  readonly args: readonly Expression[]
  readonly result: Expression
  /** The name of the error, as `'EAGAIN'`, or null. */
  readonly errno: string | null
  /** For a call that blocks: when it returns (microseconds, of the same kind as the event's start); else null. */
  readonly end: number | null
}

/** An argument of a call, or its result. */
export type Expression =
  | { readonly kind: 'ellipsis' }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'word'; readonly name: string }
  /** `partial`: only the beginning is given (`"abc"...`). */
  | { readonly kind: 'string'; readonly value: string; readonly partial: boolean }
  | { readonly kind: 'address'; readonly text: string }
  | { readonly kind: 'operation'; readonly operator: '|' | '+'; readonly left: Expression; readonly right: Expression }
  /** `htons(80)`, `inet_addr("192.0.2.1")` */
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  /** `[a, b]` */
  | { readonly kind: 'array'; readonly items: readonly Expression[] }
  /** `{a, b}` */
  | { readonly kind: 'tuple'; readonly items: readonly Expression[] }
  /** `{name=value, ...}`; `name(length)=value` keeps its length under `counts`. */
  | {
      readonly kind: 'structure'
      readonly fields: ReadonlyMap<string, Expression>
      readonly counts: ReadonlyMap<string, Expression>
    }

/** What a packet's IP header is to have, where the script says so. */
export interface IpSpec {
  /** The ECN bits (`[ect0]`), either ECT codepoint (`[ect01]`), the whole type of service (`tos 0x10`), or nothing. */
  readonly tos: { readonly check: 'ecn' | 'ect01' | 'tos' | 'none'; readonly value: number }
  /** 0: not given. */
  readonly flowLabel: number
  /** 0: not given. */
  readonly ttl: number
}

/** A packet, as the script writes it. */
export interface PacketSpec {
  readonly kind: 'packet'
  readonly line: number
  readonly direction: 'inbound' | 'outbound'
  readonly ip: IpSpec
  /** 0: not given. */
  readonly sourcePort: number
  readonly destinationPort: number
  readonly body: TcpSpec | UdpSpec | IcmpSpec
}

/** A TCP segment. */
export interface TcpSpec {
  readonly protocol: 'tcp'
  /** The bits of the flags, `TCP_FIN` and so on; `TCP_AE` is bit 8. */
  readonly flags: number
  readonly seq: number
  /** Payload, in bytes. */
  readonly length: number
  readonly ack: number
  /** null: not given. */
  readonly window: number | null
  readonly urgent: number
  /** null: any options (`<...>`). */
  readonly options: readonly TcpOption[] | null
}

/** A UDP datagram of so many bytes. */
export interface UdpSpec {
  readonly protocol: 'udp'
  readonly length: number
}

/** An ICMP message. */
export interface IcmpSpec {
  readonly protocol: 'icmp'
  /** Names of the language: `unreachable`, `frag_needed`. */
  readonly type: string
  readonly code: string | null
  /** null: not given. */
  readonly mtu: number | null
  /** Identifier of an echo. */
  readonly id: number | null
  /** The packet quoted by an error, or null. `raw` is the payload of an echo. */
  readonly quoted: { readonly protocol: 'tcp' | 'udp' | 'raw'; readonly seq: number; readonly length: number } | null
}

/** One TCP option. */
export type TcpOption =
  | { readonly kind: 'nop' | 'eol' | 'sackOK' }
  | { readonly kind: 'mss' | 'wscale'; readonly value: number }
  | { readonly kind: 'sack'; readonly blocks: readonly (readonly [number, number])[] }
  | { readonly kind: 'timestamp'; readonly value: number; readonly echo: number }
  /** Fast Open (RFC 7413), also in its experimental form (RFC 6994). */
  | { readonly kind: 'fastOpen' | 'fastOpenExperimental'; readonly data: Uint8Array }
  /** MD5 (RFC 2385). `good`: whatever digest the key makes, which `TCP_MD5SIG` set last. */
  | { readonly kind: 'md5'; readonly data: Uint8Array; readonly good?: boolean }
  /** RFC 6994: kind 254 with a 16-bit identifier. */
  | { readonly kind: 'experimental'; readonly magic: number; readonly data: Uint8Array }
  /** One that the language has no name for, or that is malformed: only in packets of the stack. */
  | { readonly kind: 'unknown'; readonly number: number; readonly data: Uint8Array }

export const TCP_FIN = 0x01
export const TCP_SYN = 0x02
export const TCP_RST = 0x04
export const TCP_PSH = 0x08
export const TCP_ACK = 0x10
export const TCP_URG = 0x20
export const TCP_ECE = 0x40
export const TCP_CWR = 0x80
/** The accurate-ECN bit (RFC 9768), once the nonce sum. */
export const TCP_AE = 0x100
