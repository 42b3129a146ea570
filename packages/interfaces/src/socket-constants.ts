// The numbers of Linux's socket API (x86 and ARM).
export const AF_UNSPEC = 0
export const AF_UNIX = 1
export const AF_INET = 2
export const AF_INET6 = 10
export const AF_PACKET = 17

export const SOCK_STREAM = 1
export const SOCK_DGRAM = 2
export const SOCK_RAW = 3
export const SOCK_SEQPACKET = 5
/** May be added to a type; calls never wait here, so it changes only the awaiting forms. */
export const SOCK_NONBLOCK = 0x800
/** May be added to a type; has no meaning without processes. */
export const SOCK_CLOEXEC = 0x8_0000

export const SHUT_RD = 0
export const SHUT_WR = 1
export const SHUT_RDWR = 2

export const SOMAXCONN = 4096

export const MSG_OOB = 0x1
export const MSG_PEEK = 0x2
export const MSG_DONTROUTE = 0x4
export const MSG_CTRUNC = 0x8
export const MSG_TRUNC = 0x20
export const MSG_DONTWAIT = 0x40
export const MSG_EOR = 0x80
export const MSG_WAITALL = 0x100
export const MSG_CONFIRM = 0x800
export const MSG_ERRQUEUE = 0x2000
export const MSG_NOSIGNAL = 0x4000
export const MSG_MORE = 0x8000
export const MSG_ZEROCOPY = 0x400_0000
export const MSG_FASTOPEN = 0x2000_0000

export const POLLIN = 0x1
export const POLLPRI = 0x2
export const POLLOUT = 0x4
export const POLLERR = 0x8
export const POLLHUP = 0x10
export const POLLNVAL = 0x20
export const POLLRDHUP = 0x2000
export const POLLRDNORM = 0x40
export const POLLWRNORM = 0x100

export const EPOLLIN = 0x1
export const EPOLLPRI = 0x2
export const EPOLLOUT = 0x4
export const EPOLLERR = 0x8
export const EPOLLHUP = 0x10
export const EPOLLRDHUP = 0x2000
export const EPOLLRDNORM = 0x40
export const EPOLLWRNORM = 0x100
/** Of several sets that watch a socket so, wake one. */
export const EPOLLEXCLUSIVE = 0x1000_0000
/** Keep the system awake meanwhile: has no meaning here. */
export const EPOLLWAKEUP = 0x2000_0000
/** Report a descriptor once, then only after `modify`. */
export const EPOLLONESHOT = 0x4000_0000
/** Report a descriptor when it becomes ready, not as long as it is. */
export const EPOLLET = 0x8000_0000

export const SOL_SOCKET = 1
export const SOL_IP = 0
export const SOL_TCP = 6
export const SOL_UDP = 17
export const SOL_IPV6 = 41
export const SOL_ICMPV6 = 58
export const SOL_UDPLITE = 136
export const SOL_RAW = 255
export const SOL_PACKET = 263

export const SO_DEBUG = 1
export const SO_REUSEADDR = 2
export const SO_TYPE = 3
export const SO_ERROR = 4
export const SO_DONTROUTE = 5
export const SO_BROADCAST = 6
export const SO_SNDBUF = 7
export const SO_RCVBUF = 8
export const SO_KEEPALIVE = 9
export const SO_OOBINLINE = 10
export const SO_NO_CHECK = 11
export const SO_PRIORITY = 12
export const SO_LINGER = 13
export const SO_REUSEPORT = 15
export const SO_RCVLOWAT = 18
export const SO_SNDLOWAT = 19
export const SO_RCVTIMEO = 20
export const SO_SNDTIMEO = 21
export const SO_BINDTODEVICE = 25
export const SO_TIMESTAMP = 29
export const SO_ACCEPTCONN = 30
export const SO_SNDBUFFORCE = 32
export const SO_RCVBUFFORCE = 33
export const SO_TIMESTAMPNS = 35
export const SO_MARK = 36
export const SO_TIMESTAMPING = 37
export const SO_PROTOCOL = 38
export const SO_DOMAIN = 39
export const SO_RXQ_OVFL = 40
export const SO_PEEK_OFF = 42
export const SO_BUSY_POLL = 46
export const SO_MAX_PACING_RATE = 47
export const SO_INCOMING_CPU = 49
export const SO_MEMINFO = 55
export const SO_INCOMING_NAPI_ID = 56
export const SO_ZEROCOPY = 60
export const SO_BINDTOIFINDEX = 62
export const SO_TXREHASH = 74

/** Types of the control messages with time stamps. */
export const SCM_TIMESTAMPING = 37
export const SCM_TIMESTAMPING_OPT_STATS = 54
/** `ee_info` of a time stamp in the error queue. */
export const SCM_TSTAMP_SND = 0
export const SCM_TSTAMP_SCHED = 1
export const SCM_TSTAMP_ACK = 2

export const SOF_TIMESTAMPING_TX_HARDWARE: number = 1 << 0
export const SOF_TIMESTAMPING_TX_SOFTWARE: number = 1 << 1
export const SOF_TIMESTAMPING_RX_HARDWARE: number = 1 << 2
export const SOF_TIMESTAMPING_RX_SOFTWARE: number = 1 << 3
export const SOF_TIMESTAMPING_SOFTWARE: number = 1 << 4
export const SOF_TIMESTAMPING_SYS_HARDWARE: number = 1 << 5
export const SOF_TIMESTAMPING_RAW_HARDWARE: number = 1 << 6
/** Time stamps of sends are numbered: for streams by bytes. */
export const SOF_TIMESTAMPING_OPT_ID: number = 1 << 7
export const SOF_TIMESTAMPING_TX_SCHED: number = 1 << 8
export const SOF_TIMESTAMPING_TX_ACK: number = 1 << 9
export const SOF_TIMESTAMPING_OPT_CMSG: number = 1 << 10
export const SOF_TIMESTAMPING_OPT_TSONLY: number = 1 << 11
export const SOF_TIMESTAMPING_OPT_STATS: number = 1 << 12
export const SOF_TIMESTAMPING_OPT_PKTINFO: number = 1 << 13
export const SOF_TIMESTAMPING_OPT_TX_SWHW: number = 1 << 14
export const SOF_TIMESTAMPING_BIND_PHC: number = 1 << 15
/** Bytes are counted from what was written when the option is set, not from what was acknowledged. */
export const SOF_TIMESTAMPING_OPT_ID_TCP: number = 1 << 16
export const SOF_TIMESTAMPING_OPT_RX_FILTER: number = 1 << 17
export const SOF_TIMESTAMPING_MASK: number = (1 << 18) - 1

export const IP_TOS = 1
export const IP_TTL = 2
export const IP_HDRINCL = 3
export const IP_OPTIONS = 4
export const IP_RECVOPTS = 6
export const IP_RETOPTS = 7
export const IP_PKTINFO = 8
export const IP_MTU_DISCOVER = 10
export const IP_RECVERR = 11
export const IP_RECVTTL = 12
export const IP_RECVTOS = 13
export const IP_MTU = 14
export const IP_FREEBIND = 15
export const IP_TRANSPARENT = 19
export const IP_RECVORIGDSTADDR = 20
export const IP_ORIGDSTADDR = 20
export const IP_MINTTL = 21
export const IP_NODEFRAG = 22
export const IP_BIND_ADDRESS_NO_PORT = 24
export const IP_RECVFRAGSIZE = 25
export const IP_MULTICAST_IF = 32
export const IP_MULTICAST_TTL = 33
export const IP_MULTICAST_LOOP = 34
export const IP_ADD_MEMBERSHIP = 35
export const IP_DROP_MEMBERSHIP = 36
export const IP_UNBLOCK_SOURCE = 37
export const IP_BLOCK_SOURCE = 38
export const IP_ADD_SOURCE_MEMBERSHIP = 39
export const IP_DROP_SOURCE_MEMBERSHIP = 40
export const IP_MSFILTER = 41
export const MCAST_JOIN_GROUP = 42
export const MCAST_BLOCK_SOURCE = 43
export const MCAST_UNBLOCK_SOURCE = 44
export const MCAST_LEAVE_GROUP = 45
export const MCAST_JOIN_SOURCE_GROUP = 46
export const MCAST_LEAVE_SOURCE_GROUP = 47
export const MCAST_MSFILTER = 48
export const IP_MULTICAST_ALL = 49
export const IP_UNICAST_IF = 50
export const IP_LOCAL_PORT_RANGE = 51

export const IP_PMTUDISC_DONT = 0
export const IP_PMTUDISC_WANT = 1
export const IP_PMTUDISC_DO = 2
export const IP_PMTUDISC_PROBE = 3
export const IP_PMTUDISC_INTERFACE = 4
export const IP_PMTUDISC_OMIT = 5

export const IPV6_ADDRFORM = 1
export const IPV6_CHECKSUM = 7
export const IPV6_FLOWINFO = 11
export const IPV6_UNICAST_HOPS = 16
export const IPV6_MULTICAST_IF = 17
export const IPV6_MULTICAST_HOPS = 18
export const IPV6_MULTICAST_LOOP = 19
export const IPV6_ADD_MEMBERSHIP = 20
export const IPV6_DROP_MEMBERSHIP = 21
/** RFC 3493's names of the same. */
export const IPV6_JOIN_GROUP = 20
export const IPV6_LEAVE_GROUP = 21
export const IPV6_MTU_DISCOVER = 23
export const IPV6_MTU = 24
export const IPV6_RECVERR = 25
export const IPV6_V6ONLY = 26
export const IPV6_MULTICAST_ALL = 29
export const IPV6_FLOWINFO_SEND = 33
export const IPV6_HDRINCL = 36
export const IPV6_RECVPKTINFO = 49
export const IPV6_PKTINFO = 50
export const IPV6_RECVHOPLIMIT = 51
export const IPV6_HOPLIMIT = 52
export const IPV6_RECVHOPOPTS = 53
export const IPV6_HOPOPTS = 54
export const IPV6_RECVRTHDR = 56
export const IPV6_RTHDR = 57
export const IPV6_RECVDSTOPTS = 58
export const IPV6_DSTOPTS = 59
export const IPV6_RECVPATHMTU = 60
export const IPV6_PATHMTU = 61
export const IPV6_DONTFRAG = 62
export const IPV6_RECVTCLASS = 66
export const IPV6_TCLASS = 67
export const IPV6_AUTOFLOWLABEL = 70
export const IPV6_ADDR_PREFERENCES = 72
export const IPV6_MINHOPCOUNT = 73
export const IPV6_RECVORIGDSTADDR = 74
export const IPV6_ORIGDSTADDR = 74
export const IPV6_TRANSPARENT = 75
export const IPV6_UNICAST_IF = 76
export const IPV6_RECVFRAGSIZE = 77
export const IPV6_FREEBIND = 78

// Values of `IPV6_ADDR_PREFERENCES` (RFC 5014).
export const IPV6_PREFER_SRC_TMP = 0x1
export const IPV6_PREFER_SRC_PUBLIC = 0x2
export const IPV6_PREFER_SRC_COA = 0x4
export const IPV6_PREFER_SRC_CGA = 0x8
export const IPV6_PREFER_SRC_PUBTMP_DEFAULT = 0x100
export const IPV6_PREFER_SRC_HOME = 0x400
export const IPV6_PREFER_SRC_NONCGA = 0x800

export const ICMP_FILTER = 1
export const ICMP6_FILTER = 1

export const TCP_NODELAY = 1
export const TCP_MAXSEG = 2
export const TCP_CORK = 3
export const TCP_KEEPIDLE = 4
export const TCP_KEEPINTVL = 5
export const TCP_KEEPCNT = 6
export const TCP_SYNCNT = 7
export const TCP_LINGER2 = 8
export const TCP_DEFER_ACCEPT = 9
export const TCP_WINDOW_CLAMP = 10
export const TCP_INFO = 11
export const TCP_QUICKACK = 12
export const TCP_CONGESTION = 13
export const TCP_MD5SIG = 14
export const TCP_THIN_LINEAR_TIMEOUTS = 16
export const TCP_THIN_DUPACK = 17
export const TCP_USER_TIMEOUT = 18
export const TCP_REPAIR = 19
export const TCP_REPAIR_QUEUE = 20
export const TCP_QUEUE_SEQ = 21
export const TCP_REPAIR_OPTIONS = 22
export const TCP_FASTOPEN = 23
export const TCP_TIMESTAMP = 24
export const TCP_NOTSENT_LOWAT = 25
export const TCP_CC_INFO = 26
export const TCP_SAVE_SYN = 27
export const TCP_SAVED_SYN = 28
export const TCP_REPAIR_WINDOW = 29
export const TCP_FASTOPEN_CONNECT = 30
export const TCP_ULP = 31
export const TCP_MD5SIG_EXT = 32
export const TCP_FASTOPEN_KEY = 33
export const TCP_FASTOPEN_NO_COOKIE = 34
export const TCP_ZEROCOPY_RECEIVE = 35
export const TCP_INQ = 36
/** Type of the control message that `TCP_INQ` asks for: bytes that are left to be read. */
export const TCP_CM_INQ = 36
export const TCP_TX_DELAY = 37
export const TCP_AO_ADD_KEY = 38
export const TCP_AO_DEL_KEY = 39
export const TCP_AO_INFO = 40
export const TCP_AO_GET_KEYS = 41
export const TCP_AO_REPAIR = 42
export const TCP_IS_MPTCP = 43
export const TCP_RTO_MAX_MS = 44
export const TCP_RTO_MIN_US = 45
export const TCP_DELACK_MAX_US = 46
/** `tcpm_flags` of `TCP_MD5SIG_EXT`: the key is for a whole prefix, and for an interface. */
export const TCP_MD5SIG_FLAG_PREFIX = 1
export const TCP_MD5SIG_FLAG_IFINDEX = 2

export const UDP_CORK = 1
export const UDP_NO_CHECK6_TX = 101
export const UDP_NO_CHECK6_RX = 102
export const UDP_SEGMENT = 103
export const UDP_GRO = 104
export const UDPLITE_SEND_CSCOV = 10
export const UDPLITE_RECV_CSCOV = 11

export const PACKET_ADD_MEMBERSHIP = 1
export const PACKET_DROP_MEMBERSHIP = 2
export const PACKET_STATISTICS = 6
export const PACKET_MR_PROMISC = 1

export const SO_EE_ORIGIN_LOCAL = 1
export const SO_EE_ORIGIN_ICMP = 2
export const SO_EE_ORIGIN_ICMP6 = 3
export const SO_EE_ORIGIN_TIMESTAMPING = 4
export const SO_EE_ORIGIN_ZEROCOPY = 5
/** What was to be sent without a copy was copied. */
export const SO_EE_CODE_ZEROCOPY_COPIED = 1

// ioctl requests: bytes to read, bytes to be sent, and the interface queries.
export const FIONREAD = 0x541b
export const SIOCINQ = 0x541b
export const SIOCOUTQ = 0x5411
/** Bytes that were not sent yet. */
export const SIOCOUTQNSD = 0x894b
/** Whether the next byte to be read is the urgent one. */
export const SIOCATMARK = 0x8905
export const FIONBIO = 0x5421
export const SIOCGIFNAME = 0x8910
export const SIOCGIFCONF = 0x8912
export const SIOCGIFFLAGS = 0x8913
export const SIOCGIFADDR = 0x8915
export const SIOCGIFBRDADDR = 0x8919
export const SIOCGIFNETMASK = 0x891b
export const SIOCGIFMTU = 0x8921
export const SIOCGIFHWADDR = 0x8927
export const SIOCGIFINDEX = 0x8933
