export { mergeCounters } from './counters.js'
export {
  createStack,
  type InterfaceChanges,
  type InterfaceOptions,
  type MissingModule,
  type SocketHost,
  type Stack,
  type StackOptions,
} from './stack.js'
export { Sysctl } from './sysctl.js'
