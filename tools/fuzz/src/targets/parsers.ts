import type { Target } from '../subject.js'
import { addresses } from './addresses.js'
import { captures } from './captures.js'
import { dissector } from './dissector.js'
import { statelessTarget } from './stateless.js'
import { vnet } from './vnet.js'
import { wire } from './wire.js'

/** Functions without a state. */
export const PARSER_TARGETS: readonly Target[] = [
  statelessTarget('wire', 2, wire),
  statelessTarget('addresses', 2, addresses),
  statelessTarget('captures', 2, captures),
  statelessTarget('dissector', 2, dissector),
  statelessTarget('vnet', 1, vnet),
]
