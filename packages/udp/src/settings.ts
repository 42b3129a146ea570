import type { Setting } from '@jackfield/interfaces'
import type { MemoryPool } from '@jackfield/transport'

/** Bytes in one of the pages that `net.ipv4.udp_mem` counts. */
const PAGE = 4096

/** Default of `net.ipv4.udp_mem`, in pages: 128 MiB at most for all receive queues of a stack. */
export const DEFAULT_UDP_MEM = '16384 24576 32768'

/** `net.ipv4.udp_mem`: three numbers of pages as in Linux, of which UDP heeds the last, its limit. */
export function memorySetting(memory: MemoryPool): Setting {
  let text = DEFAULT_UDP_MEM
  const set = (value: number | string): void => {
    const pages = /^\s*(\d+)\s+(\d+)\s+(\d+)\s*$/.exec(String(value))?.slice(1).map(Number)
    const [low, pressure, high] = pages ?? []
    if (low === undefined || pressure === undefined || high === undefined || low > pressure || pressure > high) {
      throw new RangeError(
        `net.ipv4.udp_mem takes three rising numbers of pages of ${PAGE} bytes ('${DEFAULT_UDP_MEM}'), not '${value}'`,
      )
    }
    text = `${low} ${pressure} ${high}`
    memory.limit = high * PAGE
  }
  set(DEFAULT_UDP_MEM)
  return { name: 'net.ipv4.udp_mem', get: () => text, set }
}
