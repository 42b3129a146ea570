import {
  EINVAL,
  ENOENT,
  ENOPROTOOPT,
  EOPNOTSUPP,
  EPERM,
  OptionFailure,
  type OptionValue,
  POLLOUT,
  TCP_CC_INFO,
  TCP_CONGESTION,
  TCP_CORK,
  TCP_DEFER_ACCEPT,
  TCP_DELACK_MAX_US,
  TCP_FASTOPEN,
  TCP_FASTOPEN_CONNECT,
  TCP_FASTOPEN_KEY,
  TCP_FASTOPEN_NO_COOKIE,
  TCP_INFO,
  TCP_INQ,
  TCP_IS_MPTCP,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_LINGER2,
  TCP_MAXSEG,
  TCP_MD5SIG,
  TCP_MD5SIG_EXT,
  TCP_NODELAY,
  TCP_NOTSENT_LOWAT,
  TCP_QUICKACK,
  TCP_REPAIR,
  TCP_RTO_MAX_MS,
  TCP_RTO_MIN_US,
  TCP_SAVE_SYN,
  TCP_SAVED_SYN,
  TCP_SYNCNT,
  TCP_THIN_LINEAR_TIMEOUTS,
  TCP_TIMESTAMP,
  TCP_ULP,
  TCP_USER_TIMEOUT,
  TCP_WINDOW_CLAMP,
} from '@jackfield/interfaces'
import { optionInteger, optionText } from '@jackfield/transport'
import type { Connection } from './connection.js'
import { ACK_PUSHED, ACK_SCHEDULED, NAGLE_CORK, NAGLE_OFF, NAGLE_PUSH } from './connection-state.js'
import { FASTOPEN_CLIENT } from './listener/fast-open-flags.js'
import { fastOpenKeyBytes, readFastOpenKeys } from './listener/fast-open-keys.js'
import { setMd5 } from './md5/md5-key.js'
import { setWindowClamp } from './receive/autotune.js'
import { enterPingPong, inPingPong } from './receive/delayed-ack.js'
import { afterRead } from './receive/read.js'
import { timestampNow } from './send/header.js'
import { push } from './send/write.js'
import { CLOSE_WAIT, CLOSED, ESTABLISHED, LISTEN } from './state.js'
import { tcpInfo } from './tcp-info.js'
import { ackDelayBound, longestRto, shortestRto } from './timer-bounds.js'
import { resetKeepAlive } from './timers.js'

// Linux's bounds.
const LEAST_MAXSEG = 88
const MOST_MAXSEG = 32_767
const MOST_KEEP_SECONDS = 32_767
const MOST_COUNT = 127
const MOST_LINGER = 120
/** Two ticks of Linux's clock, in microseconds. */
const LEAST_TIMEOUT = 2000

/** Sets an option of `SOL_TCP` with Linux's ranges: 0 or a negative error number. */
export function setTcpLevelOption(c: Connection, name: number, value: OptionValue): number {
  if (name === TCP_CONGESTION) return setCongestion(c, value)
  if (name === TCP_MD5SIG || name === TCP_MD5SIG_EXT) return setMd5(c, name, value)
  if (name === TCP_FASTOPEN_KEY) return setFastOpenKey(c, value)
  // No upper-layer protocol is there to take a connection over.
  if (name === TCP_ULP) return typeof value === 'string' || value instanceof Uint8Array ? -ENOENT : -EINVAL
  const number = optionInteger(value)
  if (Number.isNaN(number)) return -EINVAL
  const on = number !== 0
  switch (name) {
    case TCP_NODELAY:
      c.nonagle = on ? c.nonagle | NAGLE_OFF | NAGLE_PUSH : c.nonagle & ~NAGLE_OFF
      if (on) push(c)
      return 0
    case TCP_CORK:
      return setCork(c, on)
    case TCP_MAXSEG:
      if (number !== 0 && (number < LEAST_MAXSEG || number > MOST_MAXSEG)) return -EINVAL
      c.userMss = number
      return 0
    case TCP_KEEPIDLE:
      return setKeepIdle(c, number)
    case TCP_KEEPINTVL:
      if (number < 1 || number > MOST_KEEP_SECONDS) return -EINVAL
      c.keepAliveInterval = number
      return 0
    case TCP_KEEPCNT:
      if (number < 1 || number > MOST_COUNT) return -EINVAL
      c.keepAliveCount = number
      return 0
    case TCP_SYNCNT:
      if (number < 1 || number > MOST_COUNT) return -EINVAL
      c.synRetries = number
      return 0
    case TCP_LINGER2:
      c.linger2 = number < 0 ? -1 : Math.min(number, MOST_LINGER)
      return 0
    case TCP_DEFER_ACCEPT:
      c.deferAccept = retriesIn(number)
      return 0
    case TCP_WINDOW_CLAMP:
      if (number === 0) {
        if (c.state !== CLOSED) return -EINVAL
        c.windowClamp = 0
      } else setWindowClamp(c, number)
      return 0
    case TCP_QUICKACK:
      setQuickAck(c, number)
      return 0
    case TCP_USER_TIMEOUT:
      if (number < 0) return -EINVAL
      c.userTimeout = number
      return 0
    case TCP_RTO_MAX_MS:
      if (number < 1000 || number > 120_000) return -EINVAL
      c.rtoMax = number * 1000
      return 0
    case TCP_RTO_MIN_US:
      if (number < LEAST_TIMEOUT || number > 200_000) return -EINVAL
      c.rtoMin = number
      return 0
    case TCP_DELACK_MAX_US:
      if (number < LEAST_TIMEOUT || number > 200_000) return -EINVAL
      c.delackMax = number
      return 0
    case TCP_NOTSENT_LOWAT:
      c.notSentLowat = number >>> 0
      c.wake.changed(POLLOUT)
      return 0
    case TCP_REPAIR:
    case TCP_TIMESTAMP:
      // Only a connection under repair takes a clock from outside, and there is no repair.
      return -EPERM
    default:
      return setChoice(c, name, number)
  }
}

/** The options that are 0 or 1 (or 2) and nothing else. */
function setChoice(c: Connection, name: number, number: number): number {
  const isFresh = c.state === CLOSED || c.state === LISTEN
  const isFlag = number === 0 || number === 1
  switch (name) {
    case TCP_THIN_LINEAR_TIMEOUTS:
      if (!isFlag) return -EINVAL
      c.thinLinear = number === 1
      return 0
    case TCP_INQ:
      if (!isFlag) return -EINVAL
      c.wantsInq = number === 1
      return 0
    case TCP_SAVE_SYN:
      if (number < 0 || number > 2) return -EINVAL
      c.saveSyn = number
      return 0
    case TCP_FASTOPEN:
      if (number < 0 || !isFresh) return -EINVAL
      c.fastOpenQueue = Math.min(number, c.tcp.settings.somaxconn)
      return 0
    case TCP_FASTOPEN_CONNECT:
      if (!isFlag) return -EINVAL
      if ((c.tcp.settings.fastopen & FASTOPEN_CLIENT) === 0) return -EOPNOTSUPP
      if (c.state !== CLOSED) return -EINVAL
      c.fastOpenConnect = number === 1
      return 0
    case TCP_FASTOPEN_NO_COOKIE:
      if (!isFlag || !isFresh) return -EINVAL
      c.fastOpenNoCookie = number === 1
      return 0
    default:
      return -ENOPROTOOPT
  }
}

function setFastOpenKey(c: Connection, value: OptionValue): number {
  const bytes = typeof value === 'string' ? Uint8Array.from(value, (char) => char.charCodeAt(0) & 0xff) : value
  const keys = bytes instanceof Uint8Array ? readFastOpenKeys(bytes) : null
  if (keys === null) return -EINVAL
  c.fastOpenKey = keys
  return 0
}

function setCork(c: Connection, on: boolean): number {
  if (on) {
    c.nonagle |= NAGLE_CORK
    return 0
  }
  c.nonagle &= ~NAGLE_CORK
  if ((c.nonagle & NAGLE_OFF) !== 0) c.nonagle |= NAGLE_PUSH
  push(c)
  return 0
}

function setKeepIdle(c: Connection, seconds: number): number {
  if (seconds < 1 || seconds > MOST_KEEP_SECONDS) return -EINVAL
  c.keepAliveIdle = seconds
  if (c.options.keepAlive && c.state !== CLOSED && c.state !== LISTEN) {
    const { now } = c.tcp
    const silent = Math.min((now - c.lastReceived) >>> 0, (now - c.ackLastReceived) >>> 0)
    resetKeepAlive(c, Math.max(0, seconds * 1_000_000 - silent))
  }
  return 0
}

/** 0: acknowledgements wait for answers; an odd number: they do not, for now; an even one: only this once. */
function setQuickAck(c: Connection, number: number): void {
  if (number === 0) {
    enterPingPong(c)
    return
  }
  c.pingPong = 0
  const isOpen = c.state === ESTABLISHED || c.state === CLOSE_WAIT
  if (!isOpen || (c.ackPending & ACK_SCHEDULED) === 0) return
  c.ackPending |= ACK_PUSHED
  afterRead(c, 1)
  if ((number & 1) === 0) enterPingPong(c)
}

function setCongestion(c: Connection, value: OptionValue): number {
  const name = optionText(value)
  if (name === null || name === '') return -EINVAL
  const control = c.tcp.registry.find(name)
  if (control === undefined) return -ENOENT
  if (control === c.congestion) return 0
  c.congestion.release?.(c)
  c.congestion = control
  // Begun anew when data may flow; the acknowledgement of the SYN asks it before.
  c.congestionState = control.init(c)
  return 0
}

/** Retransmissions of a SYN-ACK in so many seconds: 1, 2, 4 ... up to 120 (Linux's `secs_to_retrans`). */
function retriesIn(seconds: number): number {
  if (seconds <= 0) return 0
  let retries = 1
  for (let timeout = 1, period = 1; seconds > period && retries < 255; retries++) {
    timeout = Math.min(timeout * 2, MOST_LINGER)
    period += timeout
  }
  return retries
}

/** The inverse of `retriesIn`. */
function secondsOf(retries: number): number {
  if (retries === 0) return 0
  let period = 1
  for (let timeout = 1, left = retries - 1; left > 0; left--) {
    timeout = Math.min(timeout * 2, MOST_LINGER)
    period += timeout
  }
  return period
}

/** The value of an option of `SOL_TCP`. Flags are 0 or 1. */
export function getTcpLevelOption(c: Connection, name: number): OptionValue | OptionFailure {
  const { settings } = c.tcp
  switch (name) {
    case TCP_NODELAY:
      return Number((c.nonagle & NAGLE_OFF) !== 0)
    case TCP_CORK:
      return Number((c.nonagle & NAGLE_CORK) !== 0)
    case TCP_MAXSEG:
      return c.userMss !== 0 && (c.state === CLOSED || c.state === LISTEN) ? c.userMss : c.mss
    case TCP_KEEPIDLE:
      return c.keepAliveIdle || settings.keepaliveTime
    case TCP_KEEPINTVL:
      return c.keepAliveInterval || settings.keepaliveIntvl
    case TCP_KEEPCNT:
      return c.keepAliveCount || settings.keepaliveProbes
    case TCP_SYNCNT:
      return c.synRetries || settings.synRetries
    case TCP_LINGER2:
      return c.linger2 || settings.finTimeout
    case TCP_DEFER_ACCEPT:
      return secondsOf(c.deferAccept)
    case TCP_WINDOW_CLAMP:
      return c.windowClamp
    case TCP_INFO:
      return tcpInfo(c)
    case TCP_CC_INFO:
      // What a control tells of itself: nothing, as Linux's cubic and reno, unless it says so.
      return c.congestion.info?.(c) ?? new Uint8Array(0)
    case TCP_RTO_MAX_MS:
      return longestRto(c) / 1000
    case TCP_RTO_MIN_US:
      return shortestRto(c)
    case TCP_DELACK_MAX_US:
      return ackDelayBound(c)
    case TCP_FASTOPEN_KEY:
      return fastOpenKeyBytes(c.fastOpenKey ?? c.tcp.fastOpen.both)
    case TCP_ULP:
      return new Uint8Array(0)
    case TCP_IS_MPTCP:
    case TCP_REPAIR:
      return 0
    case TCP_QUICKACK:
      return Number(!inPingPong(c))
    case TCP_CONGESTION:
      return c.congestion.name
    case TCP_THIN_LINEAR_TIMEOUTS:
      return Number(c.thinLinear)
    case TCP_USER_TIMEOUT:
      return c.userTimeout
    case TCP_FASTOPEN:
      return c.fastOpenQueue
    case TCP_FASTOPEN_CONNECT:
      return Number(c.fastOpenConnect)
    case TCP_FASTOPEN_NO_COOKIE:
      return Number(c.fastOpenNoCookie)
    case TCP_TIMESTAMP:
      return timestampNow(c) >>> 0
    case TCP_NOTSENT_LOWAT:
      return c.notSentLowat
    case TCP_INQ:
      return Number(c.wantsInq)
    case TCP_SAVE_SYN:
      return c.saveSyn
    case TCP_SAVED_SYN:
      return takeSavedSyn(c)
    default:
      return new OptionFailure(ENOPROTOOPT)
  }
}

/** The SYN that `TCP_SAVE_SYN` kept, once; empty where there is none. */
function takeSavedSyn(c: Connection): Uint8Array {
  const saved = c.savedSyn ?? new Uint8Array(0)
  c.savedSyn = null
  return saved
}
