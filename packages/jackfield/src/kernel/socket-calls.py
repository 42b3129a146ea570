"""Socket calls that a test names, made on the kernel: cases in as JSON, what each call gave out as JSON.

A case is a list of calls, [operation, socket, argument, ...], as socket-calls.test-support.ts describes them.
"""
import ctypes
import errno
import json
import os
import socket
import struct
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)


def name_of(number):
    """Linux has two names for 95."""
    return 'EOPNOTSUPP' if number == errno.EOPNOTSUPP else errno.errorcode.get(number, number)


def index_of(zone):
    return zone if isinstance(zone, int) else socket.if_nametoindex(zone)


def zone_of(index):
    if index == 0:
        return 0
    try:
        return socket.if_indextoname(index)
    except OSError:
        return index


def sockaddr(family, host, port, zone=0):
    if family == socket.AF_INET6:
        return (host, port, 0, index_of(zone))
    return (host, port)


def shown(address):
    """An address as text; a port that the kernel chose as *."""
    if not address:
        return None
    host, port = address[0].split('%')[0], address[1]
    port = '*' if port >= 32768 else port
    if len(address) == 2:
        return f'{host}:{port}'
    zone = zone_of(address[3])
    return f'[{host}]:{port}' if zone == 0 else f'[{host}%{zone}]:{port}'


def encoded(value):
    """An option's value as the kernel takes it."""
    if isinstance(value, int):
        return struct.pack('=i', value) if value < 0 else struct.pack('=I', value)
    if 'hex' in value:
        return bytes.fromhex(value['hex'])
    if 'address4' in value:
        return socket.inet_pton(socket.AF_INET, value['address4'])
    if 'pktinfo' in value:
        address, zone = value['pktinfo']
        return socket.inet_pton(socket.AF_INET6, address) + struct.pack('=I', index_of(zone))
    if 'pktinfo4' in value:
        address, zone = value['pktinfo4']
        return struct.pack('=i', index_of(zone)) + socket.inet_pton(socket.AF_INET, address) + bytes(4)
    if 'mreq6' in value:
        group, zone = value['mreq6']
        return socket.inet_pton(socket.AF_INET6, group) + struct.pack('=I', index_of(zone))
    if 'mreq4' in value:
        group, zone = value['mreq4']
        return socket.inet_pton(socket.AF_INET, group) + bytes(4) + struct.pack('=i', index_of(zone))
    return value['text'].encode() + b'\0'


def decoded(data):
    """What the kernel gave, an integer or packet information, as the test shows it."""
    if len(data) == 0:
        return ''
    if len(data) == 1:
        return data[0]
    if len(data) == 4:
        return struct.unpack('=i', data)[0]
    if len(data) == 20:
        return packet_info(data)
    if len(data) == 32:
        return {'mtu': struct.unpack('=I', data[28:])[0], 'to': inet6_name(data[:28])}
    return data.hex()


def packet_info(data):
    address = socket.inet_ntop(socket.AF_INET6, data[:16])
    return {'address': address, 'interface': zone_of(struct.unpack('=I', data[16:])[0])}


def inet6_name(data):
    port, scope = struct.unpack('!H', data[2:4])[0], struct.unpack('=I', data[24:28])[0]
    return shown((socket.inet_ntop(socket.AF_INET6, data[8:24]), port, 0, scope))


def inet_name(data):
    family = struct.unpack('=H', data[:2])[0]
    if family == socket.AF_INET6:
        return inet6_name(data)
    if family == socket.AF_INET:
        return shown((socket.inet_ntop(socket.AF_INET, data[4:8]), struct.unpack('!H', data[2:4])[0]))
    return None


def control(level, kind, data):
    if (level, kind) in ((0, 11), (41, 25)):
        number, origin, what, code, _, info, _ = struct.unpack('=IBBBBII', data[:16])
        error = name_of(number)
        return [level, kind, {'error': error, 'origin': origin, 'type': what, 'code': code, 'info': info,
                              'offender': inet_name(data[16:])}]
    if (level, kind) == (0, 8):
        index, specific, address = struct.unpack('=i4s4s', data)
        return [level, kind, {'address': socket.inet_ntop(socket.AF_INET, address), 'interface': zone_of(index),
                              'specific': socket.inet_ntop(socket.AF_INET, specific)}]
    if (level, kind) in ((41, 74), (0, 20)):
        return [level, kind, inet_name(data)]
    return [level, kind, decoded(data)]


def received(sock, flags):
    data, ancillary, _, name = sock.recvmsg(2000, 2000, flags | socket.MSG_DONTWAIT)
    return {'data': data.decode('latin1'), 'from': shown(name), 'control': sorted(control(*each) for each in ancillary)}


def call(sockets, operation, name, *rest):
    if operation == 'wait':
        time.sleep(name / 1000)
        return None
    if operation == 'socket':
        sockets[name] = socket.socket(*rest)
        sockets[name].setblocking(False)
        return None
    sock = sockets[name]
    if operation == 'bind':
        return sock.bind(sockaddr(sock.family, *rest))
    if operation == 'connect':
        if rest[0] is None:
            if libc.connect(sock.fileno(), bytes(28), 28) != 0:
                raise OSError(ctypes.get_errno(), '')
            return None
        return sock.connect(sockaddr(sock.family, *rest))
    if operation == 'listen':
        return sock.listen(5)
    if operation == 'accept':
        sockets[rest[0]], peer = sock.accept()
        sockets[rest[0]].setblocking(False)
        return shown(peer)
    if operation == 'send':
        to, length, ancillary = rest
        messages = [(level, kind, encoded(value)) for level, kind, value in ancillary]
        address = () if to is None else sockaddr(sock.family, *to)
        return sock.sendmsg([b'x' * length], messages, socket.MSG_DONTWAIT, *([address] if address else []))
    if operation == 'receive':
        return received(sock, 0)
    if operation == 'error':
        return received(sock, socket.MSG_ERRQUEUE)
    if operation == 'name':
        return shown(sock.getsockname())
    if operation == 'peer':
        return shown(sock.getpeername())
    if operation == 'set':
        level, option, value = rest
        return sock.setsockopt(level, option, encoded(value))
    if operation == 'get':
        level, option, *length = rest
        return decoded(sock.getsockopt(level, option, length[0] if length else 4))
    if operation == 'close':
        return sockets.pop(name).close()
    raise ValueError(operation)


def run(calls):
    sockets, results = {}, []
    for each in calls:
        try:
            results.append(call(sockets, *each))
        except OSError as error:
            results.append(name_of(error.errno))
    for sock in sockets.values():
        sock.close()
    return results


json.dump([run(each) for each in json.load(sys.stdin)], sys.stdout)
