import type { MacAddress } from '@jackfield/addr'

/** An interface of a capture file. */
export interface CaptureInterface {
  /** The section it belongs to and its number there, both from 0. */
  readonly section: number
  readonly index: number
  readonly linkType: number
  /** Most bytes kept of a packet; 0 is no limit. */
  readonly snapLength: number
  readonly name?: string
  readonly description?: string
  readonly hardwareAddress?: MacAddress
  readonly comments: readonly string[]
}

/** A packet of a capture file. */
export interface CapturedPacket {
  readonly kind: 'packet'
  /** Bytes from the start of the file to its block or record. */
  readonly offset: number
  readonly interface: CaptureInterface
  /** Microseconds since the Unix epoch, to the precision of a double (a quarter of one); 0 where the file has no time for it. */
  readonly timestamp: number
  /** The same time exactly: whole seconds, and nanoseconds from 0 to 999,999,999. */
  readonly seconds: number
  readonly nanoseconds: number
  /** What was kept of it: a part of the file's bytes, not a copy. */
  readonly bytes: Uint8Array
  /** Its length on the wire. */
  readonly originalLength: number
  /** `DIRECTION_INBOUND` and the like. */
  readonly direction: number
  /** Packets lost since the one before; 0 where nothing is said. */
  readonly dropCount: number
  readonly comments: readonly string[]
}

/** The beginning of a section; a file in the older format has one. */
export interface CaptureSection {
  readonly kind: 'section'
  readonly offset: number
  readonly index: number
  readonly littleEndian: boolean
  readonly hardware?: string
  readonly os?: string
  readonly application?: string
  readonly comments: readonly string[]
}

/** The description of an interface. */
export interface CaptureInterfaceRecord {
  readonly kind: 'interface'
  readonly offset: number
  readonly interface: CaptureInterface
}

/** What an interface counted. Numbers that the file does not tell are absent. */
export interface CaptureStatisticsRecord {
  readonly kind: 'statistics'
  readonly offset: number
  readonly interface: CaptureInterface
  /** Microseconds since the Unix epoch. */
  readonly timestamp: number
  readonly received?: number
  readonly dropped?: number
  /** Packets that passed the filter. */
  readonly accepted?: number
  readonly comments: readonly string[]
}

/** What a file holds, in order. */
export type CaptureRecord = CaptureSection | CaptureInterfaceRecord | CapturedPacket | CaptureStatisticsRecord
