export {
  type ControlMessage,
  type ExtendedError,
  type ForwardAcceptOptions,
  type ForwardRequest,
  type ForwardState,
  type Linger,
  type LinkSocketAddress,
  type Membership,
  type OptionValue,
  type PacketInfo,
  type PathMtu,
  type Refusal,
  type Sockaddr,
  SocketError,
  type SynOffer,
  type UnixSocketAddress,
} from '@jackfield/interfaces'
export * from '@jackfield/interfaces/constants'
export type { TimeValue } from './calls.js'
export type { DescriptorForwarder } from './forwarder.js'
export type { PollDescriptor, SelectSets } from './poll.js'
export type { SocketPromises } from './promises.js'
export type { Readiness, ReadinessEvent } from './readiness.js'
export type { ReceiveMessage, SendMessage } from './socket-message.js'
export { createSockets, type Sockets, type SocketsOptions } from './sockets.js'
export type { AbortSignalLike, WaitOptions } from './waiting.js'
