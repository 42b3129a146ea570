/**
 * What TCP counts, under Linux's names (`/proc/net/snmp`, `/proc/net/netstat`). A type and not an interface, so that it
 * is a `CounterGroup`.
 */
export type TcpCounters = {
  /** RFC 2012's `tcpRtoAlgorithm`: other. */
  TcpRtoAlgorithm: number
  /** Milliseconds. */
  TcpRtoMin: number
  /** Milliseconds. */
  TcpRtoMax: number
  /** No limit. */
  TcpMaxConn: number
  /** Connections begun here. */
  TcpActiveOpens: number
  /** Connections begun by a peer. */
  TcpPassiveOpens: number
  /** Openings that ended before ESTABLISHED. */
  TcpAttemptFails: number
  /** Connections reset in ESTABLISHED or CLOSE-WAIT. */
  TcpEstabResets: number
  /** Connections in ESTABLISHED or CLOSE-WAIT now. */
  TcpCurrEstab: number
  /** Segments that came in, bad ones too. */
  TcpInSegs: number
  /** Segments sent, those sent again apart. */
  TcpOutSegs: number
  /** Segments sent again. */
  TcpRetransSegs: number
  /** Bad header or checksum. */
  TcpInErrs: number
  /** Resets sent. */
  TcpOutRsts: number
  /** Bad checksum. */
  TcpInCsumErrors: number

  // --- opening
  TcpExtSyncookiesSent: number
  /** Cookies that came back good. */
  TcpExtSyncookiesRecv: number
  /** Acknowledgements that were no cookie. */
  TcpExtSyncookiesFailed: number
  /** Resets for a connection in SYN-RECEIVED. */
  TcpExtEmbryonicRsts: number
  /** Accept queue full. */
  TcpExtListenOverflows: number
  /** SYNs dropped, for whatever reason. */
  TcpExtListenDrops: number
  /** SYN queue full, cookie sent. */
  TcpExtTCPReqQFullDoCookies: number
  /** SYN queue full, dropped. */
  TcpExtTCPReqQFullDrop: number
  /** Bare acknowledgements that `TCP_DEFER_ACCEPT` passed over. */
  TcpExtTCPDeferAcceptDrop: number
  /** Fast Open data that the server's SYN-ACK acknowledged. */
  TcpExtTCPFastOpenActive: number
  /** Not acknowledged, or the cookie was refused. */
  TcpExtTCPFastOpenActiveFail: number
  TcpExtTCPFastOpenPassive: number
  /** Bad cookie. */
  TcpExtTCPFastOpenPassiveFail: number
  /** Too many pending. */
  TcpExtTCPFastOpenListenOverflow: number
  /** Cookies asked for. */
  TcpExtTCPFastOpenCookieReqd: number
  /** Times that active Fast Open was turned off. */
  TcpExtTCPFastOpenBlackhole: number
  /** Good by the former key. */
  TcpExtTCPFastOpenPassiveAltKey: number
  /** SYNs and SYN-ACKs sent again. */
  TcpExtTCPSynRetrans: number

  // --- receiving
  /** Receive buffer full: memory was looked for. */
  TcpExtPruneCalled: number
  /** In vain: the segment was dropped. */
  TcpExtRcvPruned: number
  /** Out-of-order segments were dropped to make room. */
  TcpExtOfoPruned: number
  /** Packets copied together to save memory. */
  TcpExtTCPRcvCollapsed: number
  /** Small segments copied behind the last one. */
  TcpExtTCPRcvCoalesce: number
  /** Segments queued out of order. */
  TcpExtTCPOFOQueue: number
  /** Out-of-order segments dropped for want of memory. */
  TcpExtTCPOFODrop: number
  /** Out-of-order segments that others covered. */
  TcpExtTCPOFOMerge: number
  /** Data for a closed window. */
  TcpExtTCPZeroWindowDrop: number
  /** Data dropped for want of memory. */
  TcpExtTCPRcvQDrop: number
  /** Data that ended past the window. */
  TcpExtBeyondWindow: number
  /** The window closed. */
  TcpExtTCPToZeroWindowAdv: number
  /** And opened. */
  TcpExtTCPFromZeroWindowAdv: number
  /** It would have closed, but must not shrink. */
  TcpExtTCPWantZeroWindowAdv: number
  /** D-SACKs for data that was here in order. */
  TcpExtTCPDSACKOldSent: number
  /** D-SACKs for data that was here out of order. */
  TcpExtTCPDSACKOfoSent: number
  /** Acknowledgements that a timer sent. */
  TcpExtDelayedACKs: number
  /** Data that came again: the acknowledgement was lost. */
  TcpExtDelayedACKLost: number
  /** Acknowledgements that others stood for. */
  TcpExtTCPAckCompressed: number
  /** Acknowledgements without data. */
  TcpExtTCPPureAcks: number
  /** Data that was as predicted, and took the short way. */
  TcpExtTCPHPHits: number
  /** Acknowledgements that took the short way. */
  TcpExtTCPHPAcks: number

  // --- not acceptable
  /** ICMP errors about nothing that is under way. */
  TcpExtOutOfWindowIcmps: number
  /** Timestamps that were not ours in SYN-SENT. */
  TcpExtPAWSActive: number
  /** Old timestamps. */
  TcpExtPAWSEstab: number
  /** Old timestamps, of a duplicate acknowledgement. */
  TcpExtPAWSOldAck: number
  /** Old timestamps in TIME-WAIT. */
  TcpExtPAWSTimewait: number
  /** Echoes of timestamps never sent. */
  TcpExtTSEcrRejected: number
  /** Challenges sent (RFC 5961). */
  TcpExtTCPChallengeACK: number
  /** For a SYN. */
  TcpExtTCPSYNChallenge: number
  /** Answers not sent, by their limit. */
  TcpExtTCPACKSkippedSynRecv: number
  TcpExtTCPACKSkippedPAWS: number
  TcpExtTCPACKSkippedSeq: number
  TcpExtTCPACKSkippedFinWait2: number
  TcpExtTCPACKSkippedTimeWait: number
  TcpExtTCPACKSkippedChallenge: number
  /** Below `IP_MINTTL`. */
  TcpExtTCPMinTTLDrop: number
  TcpExtTCPMD5NotFound: number
  TcpExtTCPMD5Unexpected: number
  TcpExtTCPMD5Failure: number

  // --- recovery
  TcpExtTCPRenoRecovery: number
  TcpExtTCPSackRecovery: number
  /** The peer dropped what it had acknowledged by SACK. */
  TcpExtTCPSACKReneging: number
  TcpExtTCPSACKReorder: number
  TcpExtTCPRenoReorder: number
  TcpExtTCPTSReorder: number
  /** Recoveries taken back. */
  TcpExtTCPFullUndo: number
  TcpExtTCPPartialUndo: number
  TcpExtTCPDSACKUndo: number
  TcpExtTCPLossUndo: number
  /** What was sent again was lost again. */
  TcpExtTCPLostRetransmit: number
  TcpExtTCPRenoFailures: number
  TcpExtTCPSackFailures: number
  TcpExtTCPLossFailures: number
  TcpExtTCPFastRetrans: number
  TcpExtTCPSlowStartRetrans: number
  TcpExtTCPTimeouts: number
  TcpExtTCPLossProbes: number
  TcpExtTCPLossProbeRecovery: number
  TcpExtTCPRenoRecoveryFail: number
  TcpExtTCPSackRecoveryFail: number
  TcpExtTCPDSACKRecv: number
  TcpExtTCPDSACKOfoRecv: number
  TcpExtTCPDSACKRecvSegs: number
  /** SACK blocks that cannot be. */
  TcpExtTCPSACKDiscard: number
  TcpExtTCPDSACKIgnoredOld: number
  TcpExtTCPDSACKIgnoredNoUndo: number
  TcpExtTCPDSACKIgnoredDubious: number
  TcpExtTCPSpuriousRTOs: number
  /** What was to be sent again could not. */
  TcpExtTCPRetransFail: number
  TcpExtTCPDelivered: number
  TcpExtTCPDeliveredCE: number
  TcpExtTCPHystartTrainDetect: number
  TcpExtTCPHystartTrainCwnd: number
  TcpExtTCPHystartDelayDetect: number
  TcpExtTCPHystartDelayCwnd: number

  // --- sending
  /** Segments with new data. */
  TcpExtTCPOrigDataSent: number
  /** Small writes that waited for the device. */
  TcpExtTCPAutoCorking: number
  /** Zero-window probes. */
  TcpExtTCPWinProbe: number
  /** Keep-alive probes. */
  TcpExtTCPKeepAlive: number
  /** Path-MTU probes lost. */
  TcpExtTCPMTUPFail: number
  TcpExtTCPMTUPSuccess: number
  /** Segments not cut: too much is queued. */
  TcpExtTCPWqueueTooBig: number

  // --- closing
  /** Resets for data that nobody will read. */
  TcpExtTCPAbortOnData: number
  /** Resets on `close` with data unread. */
  TcpExtTCPAbortOnClose: number
  TcpExtTCPAbortOnMemory: number
  TcpExtTCPAbortOnTimeout: number
  TcpExtTCPAbortOnLinger: number
  /** Connections that passed TIME-WAIT. */
  TcpExtTW: number
  /** Reused before it was over. */
  TcpExtTWRecycled: number
  TcpExtTWKilled: number
  /** No room: closed at once. */
  TcpExtTCPTimeWaitOverflow: number
  /** Times that `net.ipv4.tcp_mem` was pressing. */
  TcpExtTCPMemoryPressures: number
}

/** All at nothing. */
export function createTcpCounters(): TcpCounters {
  return {
    TcpRtoAlgorithm: 1,
    TcpRtoMin: 200,
    TcpRtoMax: 120_000,
    TcpMaxConn: -1,
    TcpActiveOpens: 0,
    TcpPassiveOpens: 0,
    TcpAttemptFails: 0,
    TcpEstabResets: 0,
    TcpCurrEstab: 0,
    TcpInSegs: 0,
    TcpOutSegs: 0,
    TcpRetransSegs: 0,
    TcpInErrs: 0,
    TcpOutRsts: 0,
    TcpInCsumErrors: 0,
    TcpExtSyncookiesSent: 0,
    TcpExtSyncookiesRecv: 0,
    TcpExtSyncookiesFailed: 0,
    TcpExtEmbryonicRsts: 0,
    TcpExtListenOverflows: 0,
    TcpExtListenDrops: 0,
    TcpExtTCPReqQFullDoCookies: 0,
    TcpExtTCPReqQFullDrop: 0,
    TcpExtTCPDeferAcceptDrop: 0,
    TcpExtTCPFastOpenActive: 0,
    TcpExtTCPFastOpenActiveFail: 0,
    TcpExtTCPFastOpenPassive: 0,
    TcpExtTCPFastOpenPassiveFail: 0,
    TcpExtTCPFastOpenListenOverflow: 0,
    TcpExtTCPFastOpenCookieReqd: 0,
    TcpExtTCPFastOpenBlackhole: 0,
    TcpExtTCPFastOpenPassiveAltKey: 0,
    TcpExtTCPSynRetrans: 0,
    TcpExtPruneCalled: 0,
    TcpExtRcvPruned: 0,
    TcpExtOfoPruned: 0,
    TcpExtTCPRcvCollapsed: 0,
    TcpExtTCPRcvCoalesce: 0,
    TcpExtTCPOFOQueue: 0,
    TcpExtTCPOFODrop: 0,
    TcpExtTCPOFOMerge: 0,
    TcpExtTCPZeroWindowDrop: 0,
    TcpExtTCPRcvQDrop: 0,
    TcpExtBeyondWindow: 0,
    TcpExtTCPToZeroWindowAdv: 0,
    TcpExtTCPFromZeroWindowAdv: 0,
    TcpExtTCPWantZeroWindowAdv: 0,
    TcpExtTCPDSACKOldSent: 0,
    TcpExtTCPDSACKOfoSent: 0,
    TcpExtDelayedACKs: 0,
    TcpExtDelayedACKLost: 0,
    TcpExtTCPAckCompressed: 0,
    TcpExtTCPPureAcks: 0,
    TcpExtTCPHPHits: 0,
    TcpExtTCPHPAcks: 0,
    TcpExtOutOfWindowIcmps: 0,
    TcpExtPAWSActive: 0,
    TcpExtPAWSEstab: 0,
    TcpExtPAWSOldAck: 0,
    TcpExtPAWSTimewait: 0,
    TcpExtTSEcrRejected: 0,
    TcpExtTCPChallengeACK: 0,
    TcpExtTCPSYNChallenge: 0,
    TcpExtTCPACKSkippedSynRecv: 0,
    TcpExtTCPACKSkippedPAWS: 0,
    TcpExtTCPACKSkippedSeq: 0,
    TcpExtTCPACKSkippedFinWait2: 0,
    TcpExtTCPACKSkippedTimeWait: 0,
    TcpExtTCPACKSkippedChallenge: 0,
    TcpExtTCPMinTTLDrop: 0,
    TcpExtTCPMD5NotFound: 0,
    TcpExtTCPMD5Unexpected: 0,
    TcpExtTCPMD5Failure: 0,
    TcpExtTCPRenoRecovery: 0,
    TcpExtTCPSackRecovery: 0,
    TcpExtTCPSACKReneging: 0,
    TcpExtTCPSACKReorder: 0,
    TcpExtTCPRenoReorder: 0,
    TcpExtTCPTSReorder: 0,
    TcpExtTCPFullUndo: 0,
    TcpExtTCPPartialUndo: 0,
    TcpExtTCPDSACKUndo: 0,
    TcpExtTCPLossUndo: 0,
    TcpExtTCPLostRetransmit: 0,
    TcpExtTCPRenoFailures: 0,
    TcpExtTCPSackFailures: 0,
    TcpExtTCPLossFailures: 0,
    TcpExtTCPFastRetrans: 0,
    TcpExtTCPSlowStartRetrans: 0,
    TcpExtTCPTimeouts: 0,
    TcpExtTCPLossProbes: 0,
    TcpExtTCPLossProbeRecovery: 0,
    TcpExtTCPRenoRecoveryFail: 0,
    TcpExtTCPSackRecoveryFail: 0,
    TcpExtTCPDSACKRecv: 0,
    TcpExtTCPDSACKOfoRecv: 0,
    TcpExtTCPDSACKRecvSegs: 0,
    TcpExtTCPSACKDiscard: 0,
    TcpExtTCPDSACKIgnoredOld: 0,
    TcpExtTCPDSACKIgnoredNoUndo: 0,
    TcpExtTCPDSACKIgnoredDubious: 0,
    TcpExtTCPSpuriousRTOs: 0,
    TcpExtTCPRetransFail: 0,
    TcpExtTCPDelivered: 0,
    TcpExtTCPDeliveredCE: 0,
    TcpExtTCPHystartTrainDetect: 0,
    TcpExtTCPHystartTrainCwnd: 0,
    TcpExtTCPHystartDelayDetect: 0,
    TcpExtTCPHystartDelayCwnd: 0,
    TcpExtTCPOrigDataSent: 0,
    TcpExtTCPAutoCorking: 0,
    TcpExtTCPWinProbe: 0,
    TcpExtTCPKeepAlive: 0,
    TcpExtTCPMTUPFail: 0,
    TcpExtTCPMTUPSuccess: 0,
    TcpExtTCPWqueueTooBig: 0,
    TcpExtTCPAbortOnData: 0,
    TcpExtTCPAbortOnClose: 0,
    TcpExtTCPAbortOnMemory: 0,
    TcpExtTCPAbortOnTimeout: 0,
    TcpExtTCPAbortOnLinger: 0,
    TcpExtTW: 0,
    TcpExtTWRecycled: 0,
    TcpExtTWKilled: 0,
    TcpExtTCPTimeWaitOverflow: 0,
    TcpExtTCPMemoryPressures: 0,
  }
}
