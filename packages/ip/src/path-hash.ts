/**
 * Chooses among equal paths of a packet that is forwarded: the same for all packets between two hosts
 * (`fib_multipath_hash_policy` 0). Source and destination are the last 32 bits of the addresses.
 */
export function pathHash(source: number, destination: number, secret: number): number {
  const hash = Math.imul(source ^ secret, 0x9e3779b1) + Math.imul(destination, 0x85ebca77)
  return Math.imul(hash ^ (hash >>> 15), 0xc2b2ae3d) >>> 0
}
