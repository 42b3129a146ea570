import type { Target } from '../subject.js'
import { HOST_TARGETS } from './hosts.js'
import { IPV6_TARGETS } from './ipv6.js'
import { PARSER_TARGETS } from './parsers.js'
import { SWITCH_TARGET } from './switch.js'

/** Everything that is fuzzed. */
export const TARGETS: readonly Target[] = [...HOST_TARGETS, ...IPV6_TARGETS, SWITCH_TARGET, ...PARSER_TARGETS]
