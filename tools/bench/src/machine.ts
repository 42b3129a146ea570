import { readFileSync } from 'node:fs'
import { arch, cpus, release, totalmem } from 'node:os'

/** What the figures were measured on. */
export interface Machine {
  readonly processor: string
  readonly processors: number
  readonly memory: string
  readonly system: string
  readonly node: string
  readonly v8: string
  /** The processors that may be used, in order. */
  readonly allowed: readonly number[]
}

export function describeMachine(): Machine {
  const all = cpus()
  return {
    processor: all[0]?.model.trim() ?? 'unknown',
    processors: all.length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${process.platform} ${release()} ${arch()}`,
    node: process.versions.node,
    v8: process.versions.v8,
    allowed: allowedProcessors(),
  }
}

/** The processors that this process may run on. */
export function allowedProcessors(): number[] {
  try {
    const list = /^Cpus_allowed_list:\s*(.+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
    return list.split(',').flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, i) => first + i)
    })
  } catch {
    // Not Linux.
    return cpus().map((_, i) => i)
  }
}
