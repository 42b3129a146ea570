/** `struct tcp_info` of Linux 6.18: name and bytes of each field, in order. Scales and the limited flag are bits of the bytes 6 and 7. */
const LAYOUT = [
  ['state', 1],
  ['ca_state', 1],
  ['retransmits', 1],
  ['probes', 1],
  ['backoff', 1],
  ['options', 1],
  ['', 2],
  ['rto', 4],
  ['ato', 4],
  ['snd_mss', 4],
  ['rcv_mss', 4],
  ['unacked', 4],
  ['sacked', 4],
  ['lost', 4],
  ['retrans', 4],
  ['fackets', 4],
  ['last_data_sent', 4],
  ['last_ack_sent', 4],
  ['last_data_recv', 4],
  ['last_ack_recv', 4],
  ['pmtu', 4],
  ['rcv_ssthresh', 4],
  ['rtt', 4],
  ['rttvar', 4],
  ['snd_ssthresh', 4],
  ['snd_cwnd', 4],
  ['advmss', 4],
  ['reordering', 4],
  ['rcv_rtt', 4],
  ['rcv_space', 4],
  ['total_retrans', 4],
  ['pacing_rate', 8],
  ['max_pacing_rate', 8],
  ['bytes_acked', 8],
  ['bytes_received', 8],
  ['segs_out', 4],
  ['segs_in', 4],
  ['notsent_bytes', 4],
  ['min_rtt', 4],
  ['data_segs_in', 4],
  ['data_segs_out', 4],
  ['delivery_rate', 8],
  ['busy_time', 8],
  ['rwnd_limited', 8],
  ['sndbuf_limited', 8],
  ['delivered', 4],
  ['delivered_ce', 4],
  ['bytes_sent', 8],
  ['bytes_retrans', 8],
  ['dsack_dups', 4],
  ['reord_seen', 4],
  ['rcv_ooopack', 4],
  ['snd_wnd', 4],
  ['rcv_wnd', 4],
  ['rehash', 4],
  ['total_rto', 2],
  ['total_rto_recoveries', 2],
  ['total_rto_time', 4],
] as const

/** The fields that a kernel gave, `tcpi_state` and so on. */
export function readTcpInfo(bytes: Uint8Array): Record<string, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const info: Record<string, number> = {}
  let at = 0
  for (const [name, size] of LAYOUT) {
    if (at + size > bytes.length) break
    if (name === '') {
      info['tcpi_snd_wscale'] = view.getUint8(at) & 15
      info['tcpi_rcv_wscale'] = view.getUint8(at) >> 4
      info['tcpi_delivery_rate_app_limited'] = view.getUint8(at + 1) & 1
    } else if (size === 1) info[`tcpi_${name}`] = view.getUint8(at)
    else if (size === 2) info[`tcpi_${name}`] = view.getUint16(at, true)
    else if (size === 4) info[`tcpi_${name}`] = view.getUint32(at, true)
    else info[`tcpi_${name}`] = Number(view.getBigUint64(at, true))
    at += size
  }
  return info
}
