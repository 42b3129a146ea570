/** One measured figure, with another's beside it where there is one to compare with. */
export interface Figure {
  readonly name: string
  /** The median of the runs. */
  readonly value: number
  readonly unit: string
  /** Whose figure of the same run stands beside it. */
  readonly peer?: { readonly name: string; readonly value: number }
  /** How the two compare: for rates how many times as fast, for times how many times as long. Without a peer: left out. */
  readonly ratio?: number
  /** What is aimed at, and whether it is met. */
  readonly aim?: { readonly text: string; readonly met: boolean }
}

/** What a case gave, or why it was left out. */
export interface CaseReport {
  readonly name: string
  readonly title: string
  readonly figures: readonly Figure[]
  /** How it was measured: what ran where. */
  readonly notes: readonly string[]
  readonly leftOut?: string
  /** It could have run and did not end well: `leftOut` says how. */
  readonly failed?: boolean
}

/** One benchmark. Each runs in a process of its own, so that none inherits what another taught the compiler. */
export interface Case {
  readonly name: string
  readonly title: string
  /** One processor for all of it; else it does its own pinning. */
  readonly oneProcessor: boolean
  /** In a network namespace, with a TUN device. */
  readonly namespace: boolean
  run(runs: number): Promise<{ figures: Figure[]; notes: string[] }>
}
