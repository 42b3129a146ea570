import type { Host, HostInterface, HostOptions, Refusal } from 'jackfield'

/** An address and port, as Node's `net` and `dgram` take them. */
export interface Target {
  address: string
  port: number
}

export interface GatewayOptions extends Pick<HostOptions, 'clock' | 'random' | 'sysctl'> {
  /** What leads to the guest: a TUN device, or one end of a cable. */
  device: HostInterface['device']
  /** The gateway's own address, with the length of its prefix. */
  address: string
  /** Where a guest's connection to `local` really goes. Default: to just that. */
  reach?: (local: Target) => Target
  /** Told of errors that concern no connection. Default: `console.error`. */
  onError?: (error: unknown) => void
}

export declare function createGateway(options: GatewayOptions): Host

/** How the guest hears of an error of the real host. */
export declare function refusalOf(error: unknown): Refusal
