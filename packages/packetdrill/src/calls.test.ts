import { icmp } from '@jackfield/icmp'
import { ipv4 } from '@jackfield/ipv4'
import { udp } from '@jackfield/udp'
import { describe, expect, test } from 'vitest'
import { runScript } from './run-script.js'
import { toyTcp } from './toy-tcp.test-module.js'

async function errorsOf(text: string): Promise<readonly string[]> {
  return (await runScript(text, { modules: [ipv4(), icmp(), udp(), toyTcp()] })).errors
}

const CONNECTED = `
0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3
+0 connect(3, ..., ...) = 0
`

const ACCEPTED = `
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 1000 <mss 1000>
+0 > S. 0:0(0) ack 1 <...>
+0 < . 1:1(0) ack 1 win 1000
+0 accept(3, ..., ...) = 4
`

describe('calls that a script expects', () => {
  test.each([
    [
      'poll, with events that hold and such as do not',
      `${CONNECTED}
      +0 poll([{fd=3, events=POLLIN|POLLOUT, revents=POLLOUT}], 1, 0) = 1
      +0 poll([{fd=3, events=POLLIN}], 1, 0) = 0
      +0...0.1 poll([{fd=3, events=POLLIN}], 1, 100) = 0
      +0.2...0.3 poll([{fd=3, events=POLLIN, revents=POLLIN}, {fd=-1, events=POLLIN}], 2, 500) = 1
      +0.1 < udp (5)
      +0 poll([{fd=9, events=POLLIN, revents=POLLNVAL}], 1, 0) = 1`,
    ],
    [
      'epoll',
      `${CONNECTED}
      +0 epoll_create(1) = 5
      +0 epoll_ctl(5, EPOLL_CTL_ADD, 3, {events=EPOLLIN, fd=3}) = 0
      +0 epoll_wait(5, {events=EPOLLIN, fd=3}, 1, 0) = 0
      +0...0.1 epoll_wait(5, {events=EPOLLIN, fd=3}, 1, -1) = 1
      +0.1 < udp (5)
      +0 epoll_ctl(5, EPOLL_CTL_MOD, 3, {events=EPOLLIN|EPOLLOUT, u32=77}) = 0
      +0 epoll_wait(5, [{events=EPOLLIN|EPOLLOUT, u32=77}], 8, 0) = 1
      +0 epoll_ctl(5, EPOLL_CTL_DEL, 3, ...) = 0
      +0 epoll_ctl(5, EPOLL_CTL_DEL, 3, ...) = -1 ENOENT (No such file or directory)
      +0 close(5) = 0`,
    ],
    [
      'messages with ancillary data both ways',
      `${CONNECTED}
      +0 setsockopt(3, SOL_IP, IP_RECVTTL, [1], 4) = 0
      +0 setsockopt(3, SOL_IP, IP_RECVTOS, [1], 4) = 0
      +0 sendmsg(3, {msg_name(...)=..., msg_iov(2)=[{..., 10}, {"abc", 3}], msg_flags=0,
                     msg_control=[{cmsg_level=SOL_IP, cmsg_type=IP_TTL, cmsg_data=9}]}, 0) = 13
      +0 > [ttl 9] udp (13)
      +0 < [tos 0x20] udp (6)
      +0 recvmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 4}], msg_flags=MSG_TRUNC,
                     msg_control=[{cmsg_level=SOL_IP, cmsg_type=IP_TTL, cmsg_data=255},
                                  {cmsg_level=SOL_IP, cmsg_type=IP_TOS, cmsg_data=0x20}]}, 0) = 4`,
    ],
    [
      'the error queue',
      `${CONNECTED}
      +0 setsockopt(3, SOL_IP, IP_RECVERR, [1], 4) = 0
      +0 write(3, ..., 1300) = 1300
      +0 > udp (1300)
      +.1 < icmp unreachable frag_needed mtu 1200 [udp (1300)]
      +0 recvmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 1000}], msg_flags=MSG_ERRQUEUE,
                     msg_control=[{cmsg_level=SOL_IP, cmsg_type=IP_RECVERR,
                       cmsg_data={ee_errno=EMSGSIZE, ee_origin=SO_EE_ORIGIN_ICMP, ee_type=3, ee_code=4,
                                  ee_info=1200, ee_data=0}}]}, MSG_ERRQUEUE) = 0
      +0 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0
      +0 getsockopt(3, SOL_IP, IP_MTU, [1200], [4]) = 0`,
    ],
    [
      'options of several kinds of value',
      `${CONNECTED}
      +0 setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=5}, 8) = 0
      +0 getsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=5}, [8]) = 0
      +0 setsockopt(3, SOL_SOCKET, SO_RCVTIMEO, {0, 250000}, 16) = 0
      +0...0.25 read(3, ..., 100) = -1 EAGAIN (Resource temporarily unavailable)
      +0 setsockopt(3, SOL_SOCKET, SO_SNDBUF, [10000], 4) = 0
      +0 getsockopt(3, SOL_SOCKET, SO_SNDBUF, [20000], [4]) = 0
      +0 setsockopt(3, SOL_SOCKET, SO_BINDTODEVICE, "tun0", 5) = 0
      +0 getsockopt(3, SOL_SOCKET, SO_BINDTODEVICE, "tun0", [5]) = 0
      +0 setsockopt(3, SOL_IP, 9999, [1], 4) = -1 ENOPROTOOPT (Protocol not available)`,
    ],
    [
      'vectors, strings, queues and non-blocking descriptors',
      `${CONNECTED}
      +0 writev(3, [{..., 10}, {..., 20}], 2) = 30
      +0 > udp (30)
      +0 ioctl(3, SIOCOUTQ, [0]) = 0
      +0 < udp (40)
      +0 ioctl(3, SIOCINQ, [40]) = 0
      +0 readv(3, [{..., 10}, {..., 100}], 2) = 40
      +0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
      +0 fcntl(3, F_GETFL) = 0x802 (flags O_RDWR|O_NONBLOCK)
      +0 read(3, ..., 100) = -1 EAGAIN (Resource temporarily unavailable)
      +0 ioctl(3, FIONBIO, [0]) = 0
      +0 recv(3, ..., 100, MSG_DONTWAIT) = -1 EAGAIN (Resource temporarily unavailable)
      +0 < udp (2)
      +0 recv(3, "\\0\\0", 100, 0) = 2
      +0 send(3, "x", 1, MSG_DONTWAIT) = 1
      +0 > udp (1)`,
    ],
    [
      'names, shutdown, close, and a descriptor that is not open',
      `${CONNECTED}
      +0 getpeername(3, {sa_family = AF_INET, sin_port = htons(8080), sin_addr = inet_addr("192.0.2.1")}, [16]) = 0
      +0 getsockname(3, ..., ...) = 0
      +0 shutdown(3, SHUT_WR) = 0
      +0 write(3, ..., 1) = -1 EPIPE (Broken pipe)
      +0 close(3) = 0
      +0 close(3) = -1 EBADF (Bad file descriptor)
      +0 read(3, ..., 1) = -1 EBADF (Bad file descriptor)
      +0 fcntl(3, F_GETFL) = -1 EBADF (Bad file descriptor)
      +0 socket(..., SOCK_SEQPACKET, 0) = -1 ESOCKTNOSUPPORT (Socket type not supported)`,
    ],
    [
      'files and pipes between sockets',
      `${ACCEPTED}
      +0 open("/etc/anything", O_RDONLY) = 6
      +0 read(6, ..., 100) = 100
      +0 sendfile(4, 6, [0], 700) = 700
      +0 > P. 1:701(700) ack 1
      +0 pipe([7, 8]) = 0
      +0 splice(7, NULL, 4, NULL, 10, 0) = -1 EAGAIN (Resource temporarily unavailable)
      +0 < P. 1:301(300) ack 701 win 1000
      +0 > . 701:701(0) ack 301
      +0 splice(4, NULL, 8, NULL, 1000, SPLICE_F_MOVE) = 300
      +0 splice(7, NULL, 4, NULL, 200, 0) = 200
      +0 > P. 701:901(200) ack 301
      +0 read(7, ..., 1000) = 100`,
    ],
    [
      'an accept that blocks, with its flags',
      `0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
      +0 fcntl(3, F_GETFL) = 0x802
      +0 fcntl(3, F_SETFL, O_RDWR) = 0
      +0 bind(3, ..., ...) = 0
      +0 listen(3, 1) = 0
      0.1...0.4 accept4(3, ..., ..., SOCK_NONBLOCK) = 4
      0.2 < S 0:0(0) win 1000 <mss 1000>
      0.2 > S. 0:0(0) ack 1 <...>
      0.4 < . 1:1(0) ack 1 win 1000
      0.4 read(4, ..., 100) = -1 EAGAIN (Resource temporarily unavailable)`,
    ],
  ])('%s', async (_, text) => {
    expect(await errorsOf(text.replaceAll('NULL', '0'))).toEqual([])
  })
})

describe('what is wrong with a call is said', () => {
  test.each([
    ['foo(3) = 0', "Unknown system call: 'foo'"],
    ['close(3, 4) = 0', 'runtime error in close call: expected 1 arguments but got 2'],
    ['close(WHAT) = 0', "unknown symbol: 'WHAT'"],
    ['setsockopt(3, SOL_IP, IP_TTL, [999], 4) = 0', 'got -1 with errno 22 (Invalid argument)'],
    ['getsockopt(3, SOL_IP, IP_TTL, [63], [4]) = 0', 'Bad getsockopt value: expected: 63 actual: 64'],
    ['close(99) = -1 EINVAL (Invalid argument)', 'Expected errno EINVAL (Invalid argument) but got EBADF (Bad file'],
    ['close(3) = -1 EBADF (Bad file descriptor)', 'Expected result -1 but got 0'],
    ['close(99) = -1 EWHAT (what)', "unknown error name 'EWHAT'"],
    ['ioctl(3, SIOCINQ, [7]) = 0', 'Bad ioctl value: expected: 7 actual: 0'],
    ['read(3, ..., -1) = 0', 'a buffer has 0 to'],
    ['readv(3, [{..., 1}], 2) = 0', 'iov_len 2 does not match 1 elements'],
    ['poll([{fd=3, events=POLLOUT}], 1, 0) = 1', 'Expected revents 0x0 but got 0x4'],
    ['bind(3, {sa_family=AF_INET}, 16) = 0', 'the structure has no field sin_port'],
    ['bind(3, {sa_family=AF_INET, sin_port=htons(1), sin_addr=inet_addr("1.2")}, 16) = 0', "'1.2' is no IP address"],
    ['fcntl(3, 77) = 0', 'the commands are F_GETFL'],
    ['epoll_wait(3, ..., 1, 0) = 0', 'Expected result 0 but got -1 with errno 22'],
    ['read(3, ..., 10) = 5', 'it did not return (a call that blocks has the time of its return'],
    [
      'setsockopt(3, SOL_SOCKET, SO_RCVTIMEO, {1, 0}, 16) = 0\n+0 read(3, ..., 10) = -1',
      'timing error: expected system call return at 0.000000 sec but happened at 1.000000',
    ],
  ])('%s', async (call, message) => {
    const errors = await errorsOf(`${CONNECTED}+0 ${call}`)
    expect(errors.length).toBe(1)
    expect(errors[0]).toContain(message)
    expect(errors[0]).toMatch(/^script:[45]: /)
  })
})

test('a call that blocks and returns at another time', async () => {
  expect(await errorsOf(`${CONNECTED}+0...0.5 read(3, ..., 10) = 5\n+0.2 < udp (5)\n+1 close(3) = 0`)).toEqual([
    'script:4: timing error: expected system call return at 0.500000 sec but happened at 0.200000 sec; tolerance 0.004000 sec',
  ])
  expect(await errorsOf(`${CONNECTED}+0...0.5 read(3, ..., 10) = 5`)).toEqual([
    'script:4: runtime error in read call: it never returned',
  ])
})
