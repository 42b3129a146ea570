import type { IpAddress } from '@jackfield/addr'

/**
 * HalfSipHash-1-3 of four 32-bit words under a 64-bit key: strong enough that nobody without the key can choose
 * addresses and ports that meet in one chain, and cheap enough for each packet.
 */
export function hashWords(key0: number, key1: number, a: number, b: number, c: number, d: number): number {
  let v0 = key0 | 0
  let v1 = key1 | 0
  let v2 = 0x6c796765 ^ key0
  let v3 = 0x74656462 ^ key1
  // Four words, the length block (16 bytes), and three rounds to finish.
  for (let i = 0; i < 8; i++) {
    const word = i === 0 ? a : i === 1 ? b : i === 2 ? c : i === 3 ? d : i === 4 ? 0x1000_0000 : 0
    v3 ^= word
    if (i === 5) v2 ^= 0xff
    v0 = (v0 + v1) | 0
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
    v0 = (v0 << 16) | (v0 >>> 16)
    v2 = (v2 + v3) | 0
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
    v0 = (v0 + v3) | 0
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
    v2 = (v2 + v1) | 0
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
    v2 = (v2 << 16) | (v2 >>> 16)
    v0 ^= word
  }
  return v1 ^ v3
}

/** A keyed hash of an address, IPv4 as its mapped words, and a port. Int32. */
export function hashAddress(
  key0: number,
  key1: number,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
  port: number,
): number {
  if (w0 === 0 && w1 === 0 && w2 === 0xffff) return hashWords(key0, key1, w3, port, 0, 0)
  return hashWords(key0, key1, w0, w1, w2, w3 ^ hashWords(key0, key1, port, 0, 0, 1))
}

/** A keyed hash of a flow. Int32. */
export function flowHash(
  secret0: number,
  secret1: number,
  local: IpAddress,
  localPort: number,
  remote: IpAddress,
  remotePort: number,
): number {
  return hashFlowWords(
    secret0,
    secret1,
    local.w0,
    local.w1,
    local.w2,
    local.w3,
    localPort,
    remote.w0,
    remote.w1,
    remote.w2,
    remote.w3,
    remotePort,
  )
}

/** As `flowHash`, from the words of the addresses. */
export function hashFlowWords(
  key0: number,
  key1: number,
  l0: number,
  l1: number,
  l2: number,
  l3: number,
  localPort: number,
  r0: number,
  r1: number,
  r2: number,
  r3: number,
  remotePort: number,
): number {
  const ports = (localPort << 16) | remotePort
  if (r0 === 0 && r1 === 0 && r2 === 0xffff) return hashWords(key0, key1, l3, r3, ports, 0)
  const local = hashWords(key0, key1, l0, l1, l2, l3)
  return hashWords(key0, key1, local, hashWords(key0, key1, r0, r1, r2, r3), ports, 1)
}
