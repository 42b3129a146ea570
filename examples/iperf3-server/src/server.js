// A stack on a TUN device that serves stock iperf3 clients, and tells of each test when it is over.
import { createHost, serveIperf3 } from 'jackfield'
import { openTun } from 'jackfield/tun'

/** As `tun0=10.9.0.2/24`: the device, and the stack's address on it. */
const [link = '', kernel] = process.argv.slice(2)
const [name, address] = link.split('=')
if (!address) {
  console.error('usage: node src/server.js IF=ADDRESS/LEN [HOST-ADDRESS/LEN]')
  process.exit(2)
}

const device = openTun(kernel === undefined ? { name } : { name, address: kernel, up: true })
const host = createHost({ name: 'iperf3', interfaces: [{ device, addresses: [address] }] })

const stop = serveIperf3(host, {
  cpuUsage: () => process.cpuUsage(),
  onResult({ client, protocol, seconds, streams, bytesReceived, bytesSent, retransmits, lost, packets, error }) {
    const rate = (bytes) => `${((bytes * 8) / seconds / 1e9).toFixed(2)} Gbit/s`
    const parts = [`${client}: ${streams} ${protocol} in ${seconds.toFixed(1)} s`]
    if (bytesReceived > 0) parts.push(`received ${rate(bytesReceived)}`)
    if (bytesSent > 0) parts.push(`sent ${rate(bytesSent)}`)
    if (protocol === 'udp') parts.push(`${lost} of ${packets} datagrams lost`)
    else if (bytesSent > 0) parts.push(`${retransmits} segments sent again`)
    if (error !== undefined) parts.push(error)
    console.log(parts.join(', '))
  },
})
console.log(`iperf3: ready on ${name}, ${address}, port 5201`)

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    stop()
    await host.close()
  })
}
