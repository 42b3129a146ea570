import { fieldSetting, integerSetting, type Setting } from '@jackfield/interfaces'
import type { CongestionRegistry } from './congestion/registry.js'

/** Bytes in one of the pages that `net.ipv4.tcp_mem` counts. */
export const PAGE = 4096

/** Three numbers of a setting: least, default and most. */
export type Triple = [number, number, number]

/**
 * The settings of TCP as plain numbers, with the defaults of Linux 6.x. Each names its sysctl where it is not simply
 * `net.ipv4.tcp_` and the name in small letters. Flags are 0 or 1.
 */
export class TcpSettings {
  // --- options of segments
  /** SACK (RFC 2018). */
  sack = 1
  /** D-SACK (RFC 2883). */
  dsack = 1
  /** Timestamps (RFC 7323). 2: without a random offset for each peer. */
  timestamps = 1
  windowScaling = 1
  /** ECN (RFC 3168). 0: never; 1: asked for and accepted; 2: accepted. */
  ecn = 2
  /** A SYN with ECN that is lost is sent again without. */
  ecnFallback = 1
  /** The `tos` of a SYN is answered in kind. */
  reflectTos = 0

  // --- buffers, in bytes
  /** Receive buffers. */
  rmem: Triple = [4096, 131_072, 33_554_432]
  /** Send buffers. */
  wmem: Triple = [4096, 16_384, 4_194_304]
  /** Memory of all connections, in pages of 4,096 bytes: below the first no pressure, from the second on pressure, the third is the limit. */
  mem: Triple = [65_536, 98_304, 131_072]
  /** Receive buffers grow with the rate at which they are read. */
  moderateRcvbuf = 1
  /**
   * Which part of a receive buffer is offered as window before a full segment has shown what a packet pins: all but
   * 2^-n of it; for n of 0 or below 2^n of it.
   */
  advWinScale = 1
  /** 2^-n of the largest window is held back for the application. */
  appWin = 31
  /** An offered window may be taken back (against RFC 9293 3.8.6.2.1) rather than data be dropped. */
  shrinkWindow = 0
  /** Windows without scaling stay below 32,768: for peers that take them as signed. */
  workaroundSignedWindows = 0
  /** Bytes not sent yet from which on a socket is not writable. */
  notsentLowat = 0xffff_ffff

  // --- opening
  synRetries = 6
  synackRetries = 5
  /** SYNs sent at the first interval before it doubles. */
  synLinearTimeouts = 4
  /** 1: SYN cookies when a SYN queue is full; 2: always. */
  syncookies = 1
  maxSynBacklog = 2048
  /** `net.core.somaxconn`: most connections waiting for `accept`. */
  somaxconn = 4096
  /** A connection for which the accept queue has no room is reset. */
  abortOnOverflow = 0
  /** Fast Open (RFC 7413), bits. 1: as client; 2: as server; 4: client without a cookie; 0x200: server without one; 0x400: every listener. */
  fastopen = 1
  /** Seconds that active Fast Open is off after a path seemed to drop it, doubled each time; 0: never off. */
  fastopenBlackholeTimeout = 0

  // --- timers
  /** Microseconds; `net.ipv4.tcp_rto_min_us`. */
  rtoMin = 200_000
  /** Microseconds; `net.ipv4.tcp_rto_max_ms`. */
  rtoMax = 120_000_000
  /** Microseconds a delayed acknowledgement waits, least and most. Linux has no sysctl for them. */
  delackMin = 40_000
  delackMax = 200_000
  /** Timeouts after which the route is doubted, and after which the connection is given up. */
  retries1 = 3
  retries2 = 15
  /** As `retries2`, for connections that nobody holds; 0 means 8. */
  orphanRetries = 0
  maxOrphans = 131_072
  /** Seconds that an orphan waits in FIN-WAIT-2. */
  finTimeout = 60
  /** Seconds. */
  keepaliveTime = 7200
  /** Seconds. */
  keepaliveIntvl = 75
  keepaliveProbes = 9
  /** Streams of few packets do not back off their timeouts. */
  thinLinearTimeouts = 0

  // --- TIME-WAIT
  /** A port in TIME-WAIT serves a new connection out. 1: yes; 2: to this host only. */
  twReuse = 2
  /** Milliseconds that it must have been there. */
  twReuseDelay = 1000
  maxTwBuckets = 131_072
  /** A reset does not end TIME-WAIT (RFC 1337). */
  rfc1337 = 0

  // --- hostile segments
  /** Challenge acknowledgements a second of the whole stack (RFC 5961 7). */
  challengeAckLimit = 0x7fff_ffff
  /** Milliseconds between answers to segments that are not acceptable, of one connection. */
  invalidRatelimit = 500

  // --- recovery
  /** 0: off; 1: as RFC 5682; 2: as 1, with SACK too. */
  frto = 2
  /** RACK (RFC 8985), bits. 1: on; 2: static reordering window; 4: no duplicate-acknowledgement threshold. */
  recovery = 1
  /** Tail loss probes (RFC 8985 7): 3 or 4; 0: none. */
  earlyRetrans = 3
  /** Packets that may be overtaken, at first and at most. */
  reordering = 3
  maxReordering = 300
  /** Adjacent small segments are sent again as one. */
  retransCollapse = 1
  /** Seconds that the smallest round trip is remembered. */
  minRttWlen = 300

  // --- acknowledgements while data is missing
  /** Nanoseconds that they may wait to be sent as one. */
  compSackDelayNs = 1_000_000
  compSackSlackNs = 100_000
  /** How many may be held back. */
  compSackNr = 44
  /** Answers in a row after which an exchange counts as interactive, and acknowledgements wait for the next. */
  pingpongThresh = 1

  // --- sending
  congestion = 'cubic'
  /** How CUBIC leaves slow start before loss. 0: not at all; 1: classic HyStart; 2: HyStart++ (RFC 9406). Linux has a module parameter. */
  hystart = 1
  slowStartAfterIdle = 1
  minTsoSegs = 2
  tsoWinDivisor = 3
  tsoRttLog = 9
  limitOutputBytes = 4_194_304
  autocorking = 1
  /** Percent of the rate of the window per round trip. */
  pacingSsRatio = 200
  pacingCaRatio = 120
  minSndMss = 48
  /** Nothing is remembered of a destination when a connection ends. */
  noMetricsSave = 0
  /** RFC 1122's urgent pointer, to the last urgent byte; 0: BSD's, past it. */
  stdurg = 0

  // --- path-MTU probing (RFC 4821)
  /** 0: off; 1: when a black hole is found; 2: always. */
  mtuProbing = 0
  baseMss = 1024
  mtuProbeFloor = 48
  /** Bytes: probing ends when the bounds are this near. */
  probeThreshold = 8
  /** Seconds. */
  probeInterval = 600
}

/** What Linux does on an overflow of an int. */
const MOST = 0x7fff_ffff

/** The flags: field and the rest of the sysctl's name. */
const FLAGS = [
  ['sack', 'sack'],
  ['dsack', 'dsack'],
  ['windowScaling', 'window_scaling'],
  ['ecnFallback', 'ecn_fallback'],
  ['reflectTos', 'reflect_tos'],
  ['moderateRcvbuf', 'moderate_rcvbuf'],
  ['shrinkWindow', 'shrink_window'],
  ['workaroundSignedWindows', 'workaround_signed_windows'],
  ['abortOnOverflow', 'abort_on_overflow'],
  ['thinLinearTimeouts', 'thin_linear_timeouts'],
  ['rfc1337', 'rfc1337'],
  ['retransCollapse', 'retrans_collapse'],
  ['slowStartAfterIdle', 'slow_start_after_idle'],
  ['autocorking', 'autocorking'],
  ['noMetricsSave', 'no_metrics_save'],
  ['stdurg', 'stdurg'],
] as const

/** The other integers, with their bounds as Linux has them where it has any. */
const INTEGERS = [
  ['ecn', 'ecn', 0, 2],
  ['timestamps', 'timestamps', 0, 2],
  ['advWinScale', 'adv_win_scale', -7, 7],
  ['appWin', 'app_win', 0, 31],
  ['notsentLowat', 'notsent_lowat', 0, 0xffff_ffff],
  ['synRetries', 'syn_retries', 1, 127],
  ['synackRetries', 'synack_retries', 0, 255],
  ['synLinearTimeouts', 'syn_linear_timeouts', 0, 127],
  ['syncookies', 'syncookies', 0, 2],
  ['maxSynBacklog', 'max_syn_backlog', 0, MOST],
  ['fastopen', 'fastopen', 0, MOST],
  ['fastopenBlackholeTimeout', 'fastopen_blackhole_timeout_sec', 0, MOST],
  ['rtoMin', 'rto_min_us', 1, 120_000_000],
  ['retries1', 'retries1', 0, 255],
  ['retries2', 'retries2', 0, 255],
  ['orphanRetries', 'orphan_retries', 0, 255],
  ['maxOrphans', 'max_orphans', 0, MOST],
  ['finTimeout', 'fin_timeout', 0, 2_000_000],
  ['keepaliveTime', 'keepalive_time', 1, 2_000_000],
  ['keepaliveIntvl', 'keepalive_intvl', 1, 2_000_000],
  ['keepaliveProbes', 'keepalive_probes', 1, 255],
  ['twReuse', 'tw_reuse', 0, 2],
  ['twReuseDelay', 'tw_reuse_delay', 1, 0x7fff_ffff],
  ['maxTwBuckets', 'max_tw_buckets', 0, MOST],
  ['challengeAckLimit', 'challenge_ack_limit', 0, MOST],
  ['invalidRatelimit', 'invalid_ratelimit', 0, MOST],
  ['frto', 'frto', 0, 2],
  ['recovery', 'recovery', 0, 7],
  ['earlyRetrans', 'early_retrans', 0, 4],
  ['reordering', 'reordering', 1, MOST],
  ['maxReordering', 'max_reordering', 1, MOST],
  ['minRttWlen', 'min_rtt_wlen', 0, 86_400],
  ['compSackDelayNs', 'comp_sack_delay_ns', 0, MOST],
  ['compSackSlackNs', 'comp_sack_slack_ns', 0, MOST],
  ['compSackNr', 'comp_sack_nr', 0, 255],
  ['pingpongThresh', 'pingpong_thresh', 1, 255],
  ['hystart', 'hystart', 0, 2],
  ['minTsoSegs', 'min_tso_segs', 1, 255],
  ['tsoWinDivisor', 'tso_win_divisor', 0, 255],
  ['tsoRttLog', 'tso_rtt_log', 0, 255],
  ['limitOutputBytes', 'limit_output_bytes', 0, MOST],
  ['pacingSsRatio', 'pacing_ss_ratio', 0, 1000],
  ['pacingCaRatio', 'pacing_ca_ratio', 0, 1000],
  ['minSndMss', 'min_snd_mss', 48, 65_535],
  ['mtuProbing', 'mtu_probing', 0, 2],
  ['baseMss', 'base_mss', 48, 65_535],
  ['mtuProbeFloor', 'mtu_probe_floor', 48, 65_535],
  ['probeThreshold', 'probe_threshold', 0, MOST],
  ['probeInterval', 'probe_interval', 0, 0xffff_ffff],
] as const

/** The settings under their sysctl names. */
export function tcpSysctls(settings: TcpSettings, registry: CongestionRegistry): readonly Setting[] {
  return [
    ...FLAGS.map(([key, name]) => fieldSetting(`net.ipv4.tcp_${name}`, 0, 1, settings, key)),
    ...INTEGERS.map(([key, name, least, most]) => fieldSetting(`net.ipv4.tcp_${name}`, least, most, settings, key)),
    fieldSetting('net.core.somaxconn', 0, 65_535, settings, 'somaxconn'),
    rtoMaxSetting(settings),
    tripleSetting('rmem', settings.rmem, 1, 0x3fff_ffff, 'bytes'),
    tripleSetting('wmem', settings.wmem, 1, 0x3fff_ffff, 'bytes'),
    tripleSetting('mem', settings.mem, 0, MOST, 'pages of 4096 bytes'),
    {
      name: 'net.ipv4.tcp_congestion_control',
      get: () => settings.congestion,
      set: (value) => {
        if (typeof value !== 'string' || registry.find(value) === undefined) {
          throw new RangeError(
            `net.ipv4.tcp_congestion_control is one of ${registry.names().join(', ')}, not '${value}'`,
          )
        }
        settings.congestion = value
      },
    },
    {
      name: 'net.ipv4.tcp_available_congestion_control',
      get: () => registry.names().join(' '),
      set: () => {
        throw new RangeError('net.ipv4.tcp_available_congestion_control can only be read: register a control instead')
      },
    },
  ]
}

/** In milliseconds, as Linux has it; kept in microseconds. */
function rtoMaxSetting(settings: TcpSettings): Setting {
  return integerSetting(
    'net.ipv4.tcp_rto_max_ms',
    1000,
    120_000,
    () => settings.rtoMax / 1000,
    (value) => {
      settings.rtoMax = value * 1000
    },
  )
}

/** Three numbers as text, changed in place. Only those of `tcp_mem` must rise. */
function tripleSetting(
  name: 'rmem' | 'wmem' | 'mem',
  target: Triple,
  least: number,
  most: number,
  unit: string,
): Setting {
  const full = `net.ipv4.tcp_${name}`
  return {
    name: full,
    get: () => target.join(' '),
    set: (value) => {
      const numbers = String(value).trim().split(/\s+/).map(Number)
      const [first, second, third] = numbers
      const sound = numbers.every((each) => Number.isInteger(each) && each >= least && each <= most)
      if (!sound || numbers.length !== 3 || first === undefined || second === undefined || third === undefined) {
        throw new RangeError(`${full} takes three numbers of ${unit} from ${least} to ${most}, not '${value}'`)
      }
      if (name === 'mem' && (first > second || second > third)) {
        throw new RangeError(`${full} takes three rising numbers of ${unit}, not '${value}'`)
      }
      target[0] = first
      target[1] = second
      target[2] = third
    },
  }
}
