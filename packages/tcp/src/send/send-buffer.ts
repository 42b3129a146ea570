/** A run of bytes of the stream. */
class Block {
  readonly bytes: Uint8Array
  /** Where the kept bytes begin and end in it. */
  start = 0
  end = 0
  /** Position in the stream, from the connection's first byte, of `start`. */
  position = 0
  next: Block | null = null

  constructor(size: number) {
    this.bytes = new Uint8Array(size)
  }
}

/** A few bytes need not pin a large block. */
const SMALL = 4096
const LARGE = 65_536

/** Unused bytes kept for reuse. */
const MAX_FREE_BYTES = 16 * 1024 * 1024

/** The blocks of all connections of a host: reused, not cleared. */
export class SendBlocks {
  private small: Block | null = null
  private large: Block | null = null
  private freeBytes = 0

  /** @internal */
  take(large: boolean): Block {
    const block = large ? this.large : this.small
    if (block === null) return new Block(large ? LARGE : SMALL)
    if (large) this.large = block.next
    else this.small = block.next
    this.freeBytes -= block.bytes.length
    block.next = null
    block.start = 0
    block.end = 0
    return block
  }

  /** @internal */
  give(block: Block): void {
    const size = block.bytes.length
    block.next = null
    if (this.freeBytes + size > MAX_FREE_BYTES) return
    this.freeBytes += size
    if (size === LARGE) {
      block.next = this.large
      this.large = block
    } else {
      block.next = this.small
      this.small = block
    }
  }
}

/** The bytes that were written and are not acknowledged yet, in order. Holds no memory when empty. */
export class SendBuffer {
  private readonly blocks: SendBlocks
  private head: Block | null = null
  private tail: Block | null = null
  /** Position in the stream of the first byte kept, and one past the last. */
  private first = 0
  private last = 0
  private held = 0
  // Copies go on where the last one ended: that block.
  private cursor: Block | null = null

  constructor(blocks: SendBlocks) {
    this.blocks = blocks
  }

  /** Bytes kept. */
  get length(): number {
    return this.last - this.first
  }

  /** Bytes of memory held. */
  get pinned(): number {
    return this.held
  }

  /** Adds bytes at the end. */
  append(bytes: Uint8Array, offset: number, length: number): void {
    let from = offset
    const end = offset + length
    while (from < end) {
      let block = this.tail
      if (block === null || block.end === block.bytes.length) block = this.extend(end - from)
      const count = Math.min(end - from, block.bytes.length - block.end)
      copy(bytes, from, count, block.bytes, block.end)
      block.end += count
      from += count
    }
    this.last += length
  }

  /** Copies `length` bytes, from `from` bytes behind the first one kept, to `target[at...]`. They must be there. */
  copy(from: number, length: number, target: Uint8Array, at: number): void {
    let position = this.first + from
    const end = position + length
    let to = at
    let block = this.find(position)
    while (position < end && block !== null) {
      const skip = position - block.position
      const count = Math.min(end - position, block.end - block.start - skip)
      copy(block.bytes, block.start + skip, count, target, to)
      position += count
      to += count
      this.cursor = block
      block = block.next
    }
  }

  /** The first `length` bytes are acknowledged. */
  release(length: number): void {
    this.first += length
    let block = this.head
    while (block !== null) {
      const kept = block.end - block.start
      const gone = Math.min(this.first - block.position, kept)
      block.start += gone
      block.position += gone
      if (gone < kept) return
      // An open block at the tail may still be filled, unless nothing is left at all.
      if (block === this.tail && this.first < this.last) return
      this.head = block.next
      if (this.cursor === block) this.cursor = null
      this.held -= block.bytes.length
      if (this.head === null) this.tail = null
      this.blocks.give(block)
      block = this.head
    }
  }

  /** Drops everything. */
  clear(): void {
    this.release(this.length)
    this.first = 0
    this.last = 0
  }

  private extend(wanted: number): Block {
    // A second block says that there is a stream: it is a large one.
    const block = this.blocks.take(wanted > SMALL || this.tail !== null)
    block.position = this.tail === null ? this.last : this.tail.position + (this.tail.end - this.tail.start)
    this.held += block.bytes.length
    if (this.tail === null) this.head = block
    else this.tail.next = block
    this.tail = block
    return block
  }

  private find(position: number): Block | null {
    const { cursor } = this
    let block = cursor !== null && cursor.position <= position ? cursor : this.head
    while (block !== null && position >= block.position + (block.end - block.start)) block = block.next
    return block
  }
}

/** Runs this short are copied byte by byte: a view object would cost more. */
const SHORT = 32

function copy(source: Uint8Array, from: number, length: number, target: Uint8Array, at: number): void {
  if (length <= SHORT) {
    for (let i = 0; i < length; i++) target[at + i] = source[from + i] as number
  } else target.set(from === 0 && length === source.length ? source : source.subarray(from, from + length), at)
}
