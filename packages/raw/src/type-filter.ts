import { EINVAL, type OptionValue } from '@jackfield/interfaces'
import { optionInteger } from '@jackfield/transport'

/** Bytes of `ICMP6_FILTER`: a bit for each type. */
const LENGTH = 32

/**
 * Types of ICMP messages that a raw socket does not want: `ICMP_FILTER`, a number with a bit for each type below 32, and
 * `ICMP6_FILTER`, 32 bytes with a bit for each type (RFC 3542 3.2), the lowest type in the lowest bit of the first byte.
 */
export class TypeFilter {
  private readonly blocked = new Uint8Array(LENGTH)

  blocks(type: number): boolean {
    return (((this.blocked[type >>> 3] as number) >>> (type & 7)) & 1) === 1
  }

  /** `ICMP_FILTER`: 0 or a negative error number. */
  setMask(value: OptionValue): number {
    const mask = optionInteger(value)
    if (Number.isNaN(mask)) return -EINVAL
    for (let i = 0; i < 4; i++) this.blocked[i] = mask >>> (8 * i)
    return 0
  }

  get mask(): number {
    const { blocked } = this
    let mask = 0
    for (let i = 0; i < 4; i++) mask |= (blocked[i] as number) << (8 * i)
    return mask >>> 0
  }

  /** `ICMP6_FILTER`: of fewer bytes the rest stays as it is. */
  setBytes(value: OptionValue): number {
    if (!(value instanceof Uint8Array)) return -EINVAL
    this.blocked.set(value.subarray(0, LENGTH))
    return 0
  }

  get bytes(): Uint8Array {
    return this.blocked.slice()
  }
}
