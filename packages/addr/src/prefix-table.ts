import { IpAddress } from './ip-address.js'
import { maskWord, Prefix } from './prefix.js'

/** A node is eight words: its prefix, its length, its two children, and whether it has a value. */
const NODE = 8
const LENGTH = 4
const CHILD = 5
const FILLED = 7

/** Node 0 is none of the trees': its child words are the roots of the two versions. 0 as a child means no child. */
const ROOT_V4 = CHILD
const ROOT_V6 = CHILD + 1

/** Where IPv4 prefixes begin, as they are kept in the mapped form. */
const V4_OFFSET = 96

/**
 * A longest-prefix-match table: a value for each prefix, the most specific one found for an address. Both versions
 * live in it and never meet. Host bits of a prefix are of no account.
 *
 * A path-compressed binary trie in one flat array: a lookup visits at most one node per bit, in practice about log2 of the size,
 * and allocates nothing. It grows with what its owner puts in, by 64 bytes and a value per prefix at most; the owner bounds that by `size`.
 */
export class PrefixTable<T> {
  private nodes: Int32Array = new Int32Array(NODE * 4)
  private readonly values: (T | undefined)[] = [undefined]
  private readonly query: Int32Array = new Int32Array(4)
  private used = 1
  private freed = 0
  private count = 0
  /** What `find` passed last: the word that points to the parent of the node that it found, 0 at a root. */
  private above = 0

  /** How many prefixes have a value. */
  get size(): number {
    return this.count
  }

  /** The value of the longest prefix that contains the address; undefined where none does. */
  lookup(address: IpAddress): T | undefined {
    const best = this.search(address)
    return best === 0 ? undefined : this.values[best]
  }

  /** The longest prefix that contains the address, and has a value; undefined where none does. Allocates. */
  lookupPrefix(address: IpAddress): Prefix | undefined {
    const best = this.search(address)
    return best === 0 ? undefined : this.prefixOf(best, address.version)
  }

  /**
   * The value of the longest prefix that contains the address, of those that `accept` agrees to: it is asked once for each prefix that
   * contains the address, from the shortest on. It must not use the table.
   */
  lookupWhere(address: IpAddress, accept: (value: T) => boolean): T | undefined {
    let best: T | undefined
    let node = this.enter(address)
    while (node !== 0) {
      if (this.nodes[node * NODE + FILLED] === 1) {
        const value = this.values[node] as T
        if (accept(value)) best = value
      }
      node = this.descend(node)
    }
    return best
  }

  /** The value of exactly this prefix. */
  get(prefix: Prefix): T | undefined {
    const link = this.find(prefix)
    return link === 0 ? undefined : this.values[this.nodes[link] as number]
  }

  /** Gives the prefix a value, in place of the one that it had. */
  set(prefix: Prefix, value: T): this {
    this.reserve()
    const length = this.setQuery(prefix)
    const { nodes, query } = this
    let link = prefix.address.version === 4 ? ROOT_V4 : ROOT_V6
    for (;;) {
      const node = nodes[link] as number
      if (node === 0) {
        nodes[link] = this.create(length, value)
        return this
      }
      const at = node * NODE
      const nodeLength = nodes[at + LENGTH] as number
      const common = Math.min(this.commonLength(at), nodeLength, length)
      if (common === nodeLength && common === length) {
        if (nodes[at + FILLED] === 0) this.count++
        nodes[at + FILLED] = 1
        this.values[node] = value
        return this
      }
      if (common === nodeLength) {
        link = at + CHILD + bitOf(query, 0, nodeLength)
        continue
      }
      const leaf = this.create(length, value)
      if (common === length) {
        nodes[leaf * NODE + CHILD + bitOf(nodes, at, length)] = node
        nodes[link] = leaf
        return this
      }
      const fork = this.createFork(common)
      const side = bitOf(query, 0, common)
      nodes[fork * NODE + CHILD + side] = leaf
      nodes[fork * NODE + CHILD + 1 - side] = node
      nodes[link] = fork
      return this
    }
  }

  /** Takes the prefix out. False where it had no value. */
  delete(prefix: Prefix): boolean {
    const link = this.find(prefix)
    if (link === 0) return false
    const node = this.nodes[link] as number
    this.nodes[node * NODE + FILLED] = 0
    this.values[node] = undefined
    this.count--
    if (!this.prune(link)) return true
    // Nothing took its place: its parent may be a fork that forks no more.
    if (this.above !== 0) this.prune(this.above)
    return true
  }

  /** Takes all out. */
  clear(): void {
    this.nodes = new Int32Array(NODE * 4)
    this.values.length = 1
    this.used = 1
    this.freed = 0
    this.count = 0
  }

  /** The prefixes (without host bits) and their values as they are now, IPv4 first, in order of address, the shorter prefix first. */
  entries(): [Prefix, T][] {
    const list: [Prefix, T][] = []
    for (const version of [4, 6] as const) {
      const stack = [this.nodes[version === 4 ? ROOT_V4 : ROOT_V6] as number]
      for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
        if (node === 0) continue
        const at = node * NODE
        if (this.nodes[at + FILLED] === 1) list.push([this.prefixOf(node, version), this.values[node] as T])
        stack.push(this.nodes[at + CHILD + 1] as number, this.nodes[at + CHILD] as number)
      }
    }
    return list
  }

  /** The node of the longest prefix with a value that contains the address, 0 for none. */
  private search(address: IpAddress): number {
    if (address.version === 4) return this.searchV4(address.w3)
    let best = 0
    let node = this.enter(address)
    while (node !== 0) {
      if (this.nodes[node * NODE + FILLED] === 1) best = node
      node = this.descend(node)
    }
    return best
  }

  /** The same for IPv4, in which all prefixes lie in one word. */
  private searchV4(word: number): number {
    const nodes = this.nodes
    let best = 0
    let node = nodes[ROOT_V4] as number
    while (node !== 0) {
      const at = node * NODE
      const length = (nodes[at + LENGTH] as number) - V4_OFFSET
      if (length !== 0 && ((nodes[at + 3] as number) ^ word) >>> (32 - length) !== 0) break
      if (nodes[at + FILLED] === 1) best = node
      if (length === 32) break
      node = nodes[at + CHILD + ((word >>> (31 - length)) & 1)] as number
    }
    return best
  }

  /** Begins a walk down: the root if it contains the address, else 0. */
  private enter(address: IpAddress): number {
    const query = this.query
    query[0] = address.w0
    query[1] = address.w1
    query[2] = address.w2
    query[3] = address.w3
    if (address.version === 4) return this.matched(this.nodes[ROOT_V4] as number, 3)
    return this.matched(this.nodes[ROOT_V6] as number, 0)
  }

  /** The next node on the way to the query that contains it, 0 for none. */
  private descend(node: number): number {
    const at = node * NODE
    const length = this.nodes[at + LENGTH] as number
    if (length === 128) return 0
    return this.matched(this.nodes[at + CHILD + bitOf(this.query, 0, length)] as number, length >>> 5)
  }

  /** The node if its prefix contains the query, else 0. Words before `word` are known to be equal. */
  private matched(node: number, word: number): number {
    if (node === 0) return 0
    const { nodes, query } = this
    const at = node * NODE
    const length = nodes[at + LENGTH] as number
    const whole = length >>> 5
    for (let i = word; i < whole; i++) if (nodes[at + i] !== query[i]) return 0
    const rest = length & 31
    if (rest === 0) return node
    return ((nodes[at + whole] as number) ^ (query[whole] as number)) >>> (32 - rest) === 0 ? node : 0
  }

  /** The word that points to the node of exactly this prefix, if it has a value; else 0. */
  private find(prefix: Prefix): number {
    const length = this.setQuery(prefix)
    const v4 = prefix.address.version === 4
    let link = v4 ? ROOT_V4 : ROOT_V6
    this.above = 0
    let node = this.matched(this.nodes[link] as number, v4 ? 3 : 0)
    while (node !== 0) {
      const at = node * NODE
      const nodeLength = this.nodes[at + LENGTH] as number
      if (nodeLength >= length) return nodeLength === length && this.nodes[at + FILLED] === 1 ? link : 0
      this.above = link
      link = at + CHILD + bitOf(this.query, 0, nodeLength)
      node = this.matched(this.nodes[link] as number, nodeLength >>> 5)
    }
    return 0
  }

  /** Removes the node that a word points to, if it has no value and does not fork. True where nothing took its place. */
  private prune(link: number): boolean {
    const nodes = this.nodes
    const node = nodes[link] as number
    const at = node * NODE
    const left = nodes[at + CHILD] as number
    const right = nodes[at + CHILD + 1] as number
    if (nodes[at + FILLED] === 1 || (left !== 0 && right !== 0)) return false
    nodes[link] = left === 0 ? right : left
    nodes[at + CHILD] = this.freed
    this.freed = node
    return nodes[link] === 0
  }

  /** The prefix's words without host bits become the query; answers its length in the tree. */
  private setQuery(prefix: Prefix): number {
    const { address } = prefix
    const length = address.version === 4 ? prefix.length + V4_OFFSET : prefix.length
    const query = this.query
    query[0] = address.w0 & maskWord(length)
    query[1] = address.w1 & maskWord(length - 32)
    query[2] = address.w2 & maskWord(length - 64)
    query[3] = address.w3 & maskWord(length - 96)
    return length
  }

  /** How many leading bits the query shares with the node at `at`. */
  private commonLength(at: number): number {
    for (let i = 0; i < 4; i++) {
      const difference = (this.nodes[at + i] as number) ^ (this.query[i] as number)
      if (difference !== 0) return i * 32 + Math.clz32(difference)
    }
    return 128
  }

  /** Makes sure of two nodes more, so that the array stays the same while a prefix is put in. */
  private reserve(): void {
    if ((this.used + 2) * NODE <= this.nodes.length) return
    const larger = new Int32Array(this.nodes.length * 2)
    larger.set(this.nodes)
    this.nodes = larger
  }

  private create(length: number, value: T): number {
    const node = this.createFork(length)
    this.nodes[node * NODE + FILLED] = 1
    this.values[node] = value
    this.count++
    return node
  }

  /** A node without a value or children, for the first `length` bits of the query. */
  private createFork(length: number): number {
    const nodes = this.nodes
    let node = this.freed
    if (node === 0) {
      node = this.used++
      this.values.push(undefined)
    } else this.freed = nodes[node * NODE + CHILD] as number
    const at = node * NODE
    for (let i = 0; i < 4; i++) nodes[at + i] = (this.query[i] as number) & maskWord(length - 32 * i)
    nodes[at + LENGTH] = length
    nodes[at + CHILD] = 0
    nodes[at + CHILD + 1] = 0
    nodes[at + FILLED] = 0
    return node
  }

  private prefixOf(node: number, version: 4 | 6): Prefix {
    const at = node * NODE
    const nodes = this.nodes
    const word = (i: number): number => nodes[at + i] as number
    const address = new IpAddress(version, word(0), word(1), word(2), word(3))
    return new Prefix(address, word(LENGTH) - (version === 4 ? V4_OFFSET : 0))
  }
}

/** Bit `position` (0 is the first) of the address at `at`. */
function bitOf(words: Int32Array, at: number, position: number): number {
  return ((words[at + (position >>> 5)] as number) >>> (31 - (position & 31))) & 1
}
