/**
 * iperf3's control connection: each side tells of its state by one byte, and says the rest in JSON behind a length of four
 * bytes. There is no RFC; the program's source is the definition.
 */

/** States of a test: those that the server sends, and `TEST_END` and `IPERF_DONE` of the client. */
export const TEST_START = 1
export const TEST_RUNNING = 2
export const TEST_END = 4
export const PARAM_EXCHANGE = 9
export const CREATE_STREAMS = 10
export const SERVER_TERMINATE = 11
export const EXCHANGE_RESULTS = 13
export const DISPLAY_RESULTS = 14
export const IPERF_DONE = 16
/** Another test runs: -1 as a byte. */
export const ACCESS_DENIED = 0xff
/** Followed by iperf3's error number and that of the system, four bytes each: -2 as a byte. */
export const SERVER_ERROR = 0xfe

/** Every connection of a test begins with these bytes: 36 characters of the client's choice and a zero. */
export const COOKIE_LENGTH = 37

/** The port that iperf3 is known by. */
export const IPERF3_PORT = 5201

/** iperf3's own error numbers, as far as a server has something to say by them. */
export const IENUMSTREAMS = 6
export const IEBLOCKSIZE = 7
export const IEOMIT = 12
export const IENOSCTP = 18
export const IERECVPARAMS = 114
export const IESETMSS = 123
export const IESETBUF = 124
export const IESETTOS = 125
export const IESETCONGESTION = 134

/** What ends a test early and is told to the client by a number of iperf3's. */
export class Iperf3Error extends Error {
  readonly number: number

  constructor(number: number, message: string) {
    super(message)
    this.name = 'Iperf3Error'
    this.number = number
  }
}
