import type { Clock } from '@jackfield/clock'
import type { Sockets } from '@jackfield/sockets'

/** As much of a host as services need: one of `createHost`, or one of a simulated network. */
export interface ServiceHost {
  readonly sockets: Sockets
  readonly stack: { readonly clock: Clock }
}
