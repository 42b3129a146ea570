import type { CounterGroup } from '@jackfield/interfaces'
import {
  ICMP_ADDRESS,
  ICMP_ADDRESSREPLY,
  ICMP_DEST_UNREACH,
  ICMP_ECHO,
  ICMP_ECHOREPLY,
  ICMP_PARAMETERPROB,
  ICMP_REDIRECT,
  ICMP_SOURCE_QUENCH,
  ICMP_TIME_EXCEEDED,
  ICMP_TIMESTAMP,
  ICMP_TIMESTAMPREPLY,
} from '../wire/icmpv4.js'

/** What ICMP counts, under the names of Linux's `/proc/net/snmp`. */
export interface IcmpCounters extends CounterGroup {
  /** Every message that came in, bad ones too. */
  IcmpInMsgs: number
  /** Bad length, bad checksum, unknown type, or one that this host must not answer. */
  IcmpInErrors: number
  IcmpInCsumErrors: number
  IcmpInDestUnreachs: number
  IcmpInTimeExcds: number
  IcmpInParmProbs: number
  IcmpInSrcQuenchs: number
  IcmpInRedirects: number
  IcmpInEchos: number
  /** Not answered because `icmp_echo_ignore_all` is set (no name in Linux). */
  IcmpInEchosIgnored: number
  IcmpInEchoReps: number
  IcmpInTimestamps: number
  IcmpInTimestampReps: number
  IcmpInAddrMasks: number
  IcmpInAddrMaskReps: number
  /** Every message that was sent, or that was to be sent when the network layer refused it. */
  IcmpOutMsgs: number
  /** Those that the network layer refused. */
  IcmpOutErrors: number
  IcmpOutDestUnreachs: number
  IcmpOutTimeExcds: number
  IcmpOutParmProbs: number
  IcmpOutRedirects: number
  IcmpOutEchoReps: number
  IcmpOutTimestampReps: number
}

/** All at 0. */
export function createIcmpCounters(): IcmpCounters {
  return {
    IcmpInMsgs: 0,
    IcmpInErrors: 0,
    IcmpInCsumErrors: 0,
    IcmpInDestUnreachs: 0,
    IcmpInTimeExcds: 0,
    IcmpInParmProbs: 0,
    IcmpInSrcQuenchs: 0,
    IcmpInRedirects: 0,
    IcmpInEchos: 0,
    IcmpInEchosIgnored: 0,
    IcmpInEchoReps: 0,
    IcmpInTimestamps: 0,
    IcmpInTimestampReps: 0,
    IcmpInAddrMasks: 0,
    IcmpInAddrMaskReps: 0,
    IcmpOutMsgs: 0,
    IcmpOutErrors: 0,
    IcmpOutDestUnreachs: 0,
    IcmpOutTimeExcds: 0,
    IcmpOutParmProbs: 0,
    IcmpOutRedirects: 0,
    IcmpOutEchoReps: 0,
    IcmpOutTimestampReps: 0,
  }
}

/** Counts a message of a known type that came in; those of other types count in `IcmpMsgInType*` alone, as in Linux. */
export function countTypeIn(counters: IcmpCounters, type: number): void {
  switch (type) {
    case ICMP_ECHO:
      counters.IcmpInEchos++
      break
    case ICMP_ECHOREPLY:
      counters.IcmpInEchoReps++
      break
    case ICMP_DEST_UNREACH:
      counters.IcmpInDestUnreachs++
      break
    case ICMP_TIME_EXCEEDED:
      counters.IcmpInTimeExcds++
      break
    case ICMP_PARAMETERPROB:
      counters.IcmpInParmProbs++
      break
    case ICMP_SOURCE_QUENCH:
      counters.IcmpInSrcQuenchs++
      break
    case ICMP_REDIRECT:
      counters.IcmpInRedirects++
      break
    case ICMP_TIMESTAMP:
      counters.IcmpInTimestamps++
      break
    case ICMP_TIMESTAMPREPLY:
      counters.IcmpInTimestampReps++
      break
    case ICMP_ADDRESS:
      counters.IcmpInAddrMasks++
      break
    case ICMP_ADDRESSREPLY:
      counters.IcmpInAddrMaskReps++
  }
}

/** Counts a message that is sent. */
export function countTypeOut(counters: IcmpCounters, type: number): void {
  switch (type) {
    case ICMP_ECHOREPLY:
      counters.IcmpOutEchoReps++
      break
    case ICMP_DEST_UNREACH:
      counters.IcmpOutDestUnreachs++
      break
    case ICMP_TIME_EXCEEDED:
      counters.IcmpOutTimeExcds++
      break
    case ICMP_PARAMETERPROB:
      counters.IcmpOutParmProbs++
      break
    case ICMP_REDIRECT:
      counters.IcmpOutRedirects++
      break
    case ICMP_TIMESTAMPREPLY:
      counters.IcmpOutTimestampReps++
  }
}
