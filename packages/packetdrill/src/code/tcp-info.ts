import type { OptionValue } from '@jackfield/sockets'
import type { PythonValue } from './python-format.js'

/** Names that code blocks know beside the fields: TCP's states, the congestion states and the bits of options. */
export const CODE_CONSTANTS: Readonly<Record<string, number>> = {
  TCP_ESTABLISHED: 1,
  TCP_SYN_SENT: 2,
  TCP_SYN_RECV: 3,
  TCP_FIN_WAIT1: 4,
  TCP_FIN_WAIT2: 5,
  TCP_TIME_WAIT: 6,
  TCP_CLOSE: 7,
  TCP_CLOSE_WAIT: 8,
  TCP_LAST_ACK: 9,
  TCP_LISTEN: 10,
  TCP_CLOSING: 11,
  TCP_NEW_SYN_RECV: 12,
  TCP_CA_Open: 0,
  TCP_CA_Disorder: 1,
  TCP_CA_CWR: 2,
  TCP_CA_Recovery: 3,
  TCP_CA_Loss: 4,
  TCPI_OPT_TIMESTAMPS: 1,
  TCPI_OPT_SACK: 2,
  TCPI_OPT_WSCALE: 4,
  TCPI_OPT_ECN: 8,
  TCPI_OPT_ECN_SEEN: 16,
  TCPI_OPT_SYN_DATA: 32,
}

/** The fields of `TCP_INFO` under the names that code blocks have for them: `tcpi_snd_cwnd`. */
export function tcpInfoNames(info: OptionValue): Map<string, PythonValue> {
  const names = new Map<string, PythonValue>()
  if (typeof info !== 'object' || info instanceof Uint8Array) return names
  for (const [key, value] of Object.entries(info)) {
    const plain = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    const name = plain.startsWith('tcpi_') ? plain : `tcpi_${plain}`
    if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string') names.set(name, value)
    else if (typeof value === 'bigint') names.set(name, Number(value))
  }
  return names
}
