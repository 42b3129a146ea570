import { DestinationCache, Reassembler } from '@jackfield/ip'
import { ReceiveQueue } from '@jackfield/transport'

/** What a neighbour cache shows of itself; its class is private to its package. */
interface NeighborTable {
  readonly size: number
  readonly waitingBytes: number
}

/** What TCP shows of itself; its class is private to its package. */
export interface TcpTable {
  readonly connections: ReadonlySet<{
    readonly listener: { readonly pending: number; readonly waiting: number; readonly backlog: number } | null
  }>
  readonly timeWaits: { readonly size: number }
  readonly settings: { readonly maxTwBuckets: number; readonly maxOrphans: number }
  readonly memory: number
  readonly orphans: number
}

/** The tables of a host that strangers can fill. */
export interface Tables {
  readonly reassemblers: Reassembler[]
  readonly destinations: DestinationCache[]
  readonly neighbors: NeighborTable[]
  readonly queues: ReceiveQueue[]
  readonly tcp: TcpTable[]
  /** Objects that can be reached, and the largest collection among them. */
  objects: number
  largest: number
  largestPath: string
}

/** Looks at everything that can be reached from `root`: a table that grows shows, also one that nobody thought of. */
export function findTables(root: object): Tables {
  const tables: Tables = {
    reassemblers: [],
    destinations: [],
    neighbors: [],
    queues: [],
    tcp: [],
    objects: 0,
    largest: 0,
    largestPath: '',
  }
  const seen = new Set<object>([root])
  const waiting: { value: object; path: string }[] = [{ value: root, path: 'host' }]
  const visit = (value: unknown, path: string) => {
    if (typeof value !== 'object' || value === null || seen.has(value) || ArrayBuffer.isView(value)) return
    seen.add(value)
    waiting.push({ value, path })
  }
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, path } = next
    tables.objects++
    sort(tables, value)
    let size = 0
    if (value instanceof Map) {
      size = value.size
      for (const [key, each] of value) {
        visit(key, `${path}<key>`)
        visit(each, `${path}<>`)
      }
    } else if (value instanceof Set) {
      size = value.size
      for (const each of value) visit(each, `${path}<>`)
    } else if (Array.isArray(value)) {
      size = value.length
      for (const each of value) visit(each, `${path}[]`)
    } else {
      // A linked list would make paths as long as itself.
      for (const [name, each] of Object.entries(value)) visit(each, path.length > 200 ? path : `${path}.${name}`)
    }
    if (size > tables.largest) {
      tables.largest = size
      tables.largestPath = path
    }
  }
  return tables
}

function sort(tables: Tables, value: object): void {
  if (value instanceof Reassembler) tables.reassemblers.push(value)
  else if (value instanceof DestinationCache) tables.destinations.push(value)
  else if (value instanceof ReceiveQueue) tables.queues.push(value)
  else if (value.constructor?.name === 'TcpProtocol') tables.tcp.push(value as TcpTable)
  else if (value.constructor?.name === 'NeighborCache') tables.neighbors.push(value as NeighborTable)
}
