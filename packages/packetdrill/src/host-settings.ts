/**
 * Settings that Linux has and that mean nothing to a stack in memory: writing them succeeds and changes nothing. Each stands under
 * the reason why. A `*` stands for the rest of a name.
 */
const WITHOUT_MEANING: Readonly<Record<string, readonly string[]>> = {
  'the queues, processors and devices of a kernel, of which a stack in memory has none': [
    'net.core.bpf_*',
    'net.core.busy_*',
    'net.core.default_qdisc',
    'net.core.dev_weight*',
    'net.core.flow_limit_*',
    'net.core.gro_normal_batch',
    'net.core.high_order_alloc_disable',
    'net.core.max_skb_frags',
    'net.core.message_*',
    'net.core.mem_pcpu_rsv',
    'net.core.netdev_*',
    'net.core.rps_*',
    'net.core.skb_defer_max',
    'net.core.tstamp_allow_data',
    'net.core.txrehash',
    'net.core.warnings',
    'net.core.xfrm_*',
  ],
  'what control messages and completions may pin: here they count against the receive buffer': ['net.core.optmem_max'],
  'TCP over interrupts and flow hashes': [
    'net.ipv4.tcp_backlog_ack_defer',
    'net.ipv4.tcp_child_ehash_entries',
    'net.ipv4.tcp_early_demux',
    'net.ipv4.tcp_ehash_entries',
    'net.ipv4.tcp_plb_*',
    'net.ipv4.tcp_migrate_req',
    'net.ipv4.tcp_l3mdev_accept',
    'net.ipv4.tcp_tw_recycle',
  ],
  'heuristics that Linux has given up, or keeps for their names': [
    'net.ipv4.tcp_fack',
    'net.ipv4.tcp_low_latency',
    'net.ipv4.tcp_thin_dupack',
    'net.ipv4.tcp_allowed_congestion_control',
  ],
  'interfaces of a kernel: what the stack has of these it takes itself': [
    'net.ipv4.conf.*',
    'net.ipv4.neigh.*',
    'net.ipv6.conf.*',
    'net.ipv6.neigh.*',
  ],
  'multipath TCP, which this stack has not': ['net.mptcp.*'],
  'the kernel beside its network': ['kernel.*', 'fs.*', 'vm.*', 'debug.*'],
}

const patterns = Object.values(WITHOUT_MEANING)
  .flat()
  .map((name) => ({ prefix: name.endsWith('*') ? name.slice(0, -1) : name, whole: !name.endsWith('*') }))

/** Whether Linux has a setting that means nothing here. */
export function isHostSetting(name: string): boolean {
  return patterns.some(({ prefix, whole }) => (whole ? name === prefix : name.startsWith(prefix)))
}
