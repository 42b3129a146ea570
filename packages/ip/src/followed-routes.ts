import { type RouteEntry, SocketError } from '@jackfield/interfaces'
import type { RouteTable } from './route-table.js'

/** The key of a route among those that addresses bring: of several alike one is enough. */
export function followedKey(route: RouteEntry): string {
  return `${route.type} ${route.destination} ${route.interface ?? 0}`
}

/**
 * Makes a table follow the host's addresses: routes that `before` has and `after` has not are taken out, the others put in.
 * What two addresses share comes once, and goes with the last; a route whose source or metric changed is put in anew.
 */
export function followRoutes(
  table: RouteTable,
  before: ReadonlyMap<string, RouteEntry>,
  after: ReadonlyMap<string, RouteEntry>,
): void {
  for (const [key, route] of before) if (!same(after.get(key), route)) quietly(() => table.remove(route))
  for (const [key, route] of after) if (!same(before.get(key), route)) quietly(() => table.add(route))
}

function same(a: RouteEntry | undefined, b: RouteEntry): boolean {
  return a !== undefined && a.source === b.source && a.metric === b.metric
}

/**
 * A route that somebody else added, or took out, is his affair (as Linux's `fib_magic` has it); one that the table refuses, as strangers'
 * advertisements may name, is not there.
 */
function quietly(change: () => void): void {
  try {
    change()
  } catch (error) {
    if (!(error instanceof SocketError)) throw error
  }
}
