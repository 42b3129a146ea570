import type { IpAddress } from './ip-address.js'

/*
 * HalfSipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"; Linux's hsiphash on 32-bit machines) of whole words:
 * a keyed hash, so that nobody who does not know the secret can choose addresses and ports that collide.
 * The state is four local integers, so the round stands in each of the two functions; a call of its own would need it in memory.
 */

const INITIAL_2 = 0x6c796765
const INITIAL_3 = 0x74656462

/**
 * A keyed hash of a 4-tuple, int32, all bits equally good. Equal tuples have equal hashes; nothing is allocated.
 * For two IPv4 addresses it hashes `local.w3`, `remote.w3` and the ports as one word; else all words of both, then the ports.
 * @param secret0 secret1 the key: 64 random bits that no peer learns
 */
export function hashFlow(
  secret0: number,
  secret1: number,
  local: IpAddress,
  localPort: number,
  remote: IpAddress,
  remotePort: number,
): number {
  let v0 = secret0 | 0
  let v1 = secret1 | 0
  let v2 = INITIAL_2 ^ secret0
  let v3 = INITIAL_3 ^ secret1
  const short = local.version === 4 && remote.version === 4
  for (let i = short ? 6 : 0; i < 13; i++) {
    let word = 0
    switch (i) {
      case 0:
        word = local.w0
        break
      case 1:
        word = local.w1
        break
      case 2:
        word = local.w2
        break
      case 3:
        word = remote.w0
        break
      case 4:
        word = remote.w1
        break
      case 5:
        word = remote.w2
        break
      case 6:
        word = local.w3
        break
      case 7:
        word = remote.w3
        break
      case 8:
        word = (localPort << 16) | (remotePort & 0xffff)
        break
      case 9:
        // The length in bytes, modulo 256, closes the message.
        word = (short ? 12 : 36) << 24
        break
      case 10:
        // The message is in: three more rounds finish.
        v2 ^= 0xff
        break
    }
    v3 ^= word
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

/** A keyed hash of one address, int32: of `w3` for IPv4, of the four words for IPv6. The key is as for `hashFlow`. */
export function hashAddress(secret0: number, secret1: number, address: IpAddress): number {
  let v0 = secret0 | 0
  let v1 = secret1 | 0
  let v2 = INITIAL_2 ^ secret0
  let v3 = INITIAL_3 ^ secret1
  const short = address.version === 4
  for (let i = short ? 3 : 0; i < 8; i++) {
    let word = 0
    switch (i) {
      case 0:
        word = address.w0
        break
      case 1:
        word = address.w1
        break
      case 2:
        word = address.w2
        break
      case 3:
        word = address.w3
        break
      case 4:
        word = (short ? 4 : 16) << 24
        break
      case 5:
        v2 ^= 0xff
        break
    }
    v3 ^= word
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
