import type { Stack } from '@jackfield/stack'
import type { Tables } from './tables.js'

/** The largest collection that a host may have: its ports. */
const LARGEST_COLLECTION = 70_000
/** Everything that a host of this size is made of, with all of its tables full. */
const MOST_OBJECTS = 200_000
/** Destinations that the IPv4 layer remembers unless told otherwise. */
const MOST_DESTINATIONS = 2048
/** What neighbours' queues may hold together, in bytes. */
const MOST_WAITING = 4 * 1024 * 1024
/** What a socket may queue unless told otherwise (`net.core.rmem_default`), in bytes. */
const MOST_QUEUED = 212_992
/** What all connections of a host of this size may pin, in bytes. */
const MOST_STREAM_MEMORY = 64 * 1024 * 1024
/** The smallest packet pins this much, in bytes. */
const LEAST_TRUESIZE = 512
/** The largest one, in bytes: a receive queue may go over its limit by one. */
const MOST_TRUESIZE = 67_840

/** Whether every table of a host is within its limits; throws with the one that is not. */
export function checkLimits(stack: Stack<string>, tables: Tables, sockets: number): void {
  let pinned = 0
  for (const each of tables.reassemblers) {
    pinned += each.highThreshold
    check('bytes of fragments', each.memory, each.highThreshold)
  }
  for (const each of tables.destinations) check('destinations', each.size, MOST_DESTINATIONS)
  const version = stack.network(4) === undefined ? 6 : 4
  const neighborLimit = Number(stack.sysctl.get(`net.ipv${version}.neigh.default.gc_thresh3`))
  for (const each of tables.neighbors) {
    pinned += MOST_WAITING
    check('neighbours', each.size, neighborLimit)
    check('bytes that wait for neighbours', each.waitingBytes, MOST_WAITING)
  }
  for (const { connections, timeWaits, settings, memory, orphans } of tables.tcp) {
    pinned += MOST_STREAM_MEMORY
    check('TIME-WAIT entries', timeWaits.size, settings.maxTwBuckets)
    check('orphans', orphans, settings.maxOrphans + 1)
    check('bytes of streams', memory, MOST_STREAM_MEMORY)
    for (const { listener } of connections) {
      if (listener === null) continue
      check('requests', listener.pending, listener.backlog + 1)
      check('connections to accept', listener.waiting, listener.backlog + 1)
    }
  }
  // What is queued when a limit is lowered stays.
  for (const each of tables.queues) {
    check('bytes of a receive queue', each.used, Math.max(each.limit, MOST_QUEUED) + MOST_TRUESIZE)
  }
  check('packets', stack.packets.outstanding, 1000 + (pinned + sockets * 300_000) / LEAST_TRUESIZE)
  check(`entries of ${tables.largestPath}`, tables.largest, LARGEST_COLLECTION)
  check('objects', tables.objects, MOST_OBJECTS)
}

function check(what: string, value: number, limit: number): void {
  if (!(value >= 0 && value <= limit)) throw new Error(`${value} ${what}, where the limit is ${limit}`)
}
