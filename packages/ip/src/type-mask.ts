const TYPES = 256

/** A set of ICMP message types, written as Linux's two settings have it. */
export class TypeMask {
  private readonly members = new Uint8Array(TYPES)

  has(type: number): boolean {
    return this.members[type] === 1
  }

  /** `net.ipv4.icmp_ratemask`: a bit for each type below 32; the others are not in it. */
  get mask(): number {
    let mask = 0
    for (let type = 0; type < 32; type++) mask |= (this.members[type] as number) << type
    return mask >>> 0
  }

  set mask(mask: number) {
    this.members.fill(0)
    for (let type = 0; type < 32; type++) this.members[type] = (mask >>> type) & 1
  }

  /** `net.ipv6.icmp.ratemask`: types and ranges of them, as `0-1,3-127`; empty for none. */
  get list(): string {
    const ranges: string[] = []
    for (let from = 0; from < TYPES; from++) {
      if (!this.has(from)) continue
      let to = from
      while (this.has(to + 1)) to++
      ranges.push(from === to ? `${from}` : `${from}-${to}`)
      from = to
    }
    return ranges.join(',')
  }

  /** @throws RangeError where it is no such list; the set stays as it was */
  set list(text: string) {
    const members = new Uint8Array(TYPES)
    for (const range of text === '' ? [] : text.split(',')) {
      const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? []
      const from = Number(first)
      const to = Number(last)
      if (!(from <= to && to < TYPES)) {
        throw new RangeError(`a list of types is of numbers and ranges from 0 to 255, as 0-1,3-127, not ${text}`)
      }
      members.fill(1, from, to + 1)
    }
    this.members.set(members)
  }
}
