// A router between TUN devices: what comes in by one goes out by the one behind which its destination is.
import { createHost } from 'jackfield'
import { openTun } from 'jackfield/tun'

/** As `tun0=10.9.0.2/24`: a device with the router's address on it, which says what network is behind it. */
const links = []
/** As `net.ipv4.icmp_ratelimit=0`. */
const settings = []
for (const argument of process.argv.slice(2)) {
  const [name, value = ''] = argument.split('=')
  if (name.startsWith('net.')) settings.push([name, value])
  else links.push([name, value])
}
if (links.length < 2) {
  console.error('usage: node src/router.js IF=ADDRESS/LEN IF=ADDRESS/LEN ... [net.SETTING=VALUE ...]')
  process.exit(2)
}

const router = createHost({
  name: 'router',
  sysctl: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1, ...Object.fromEntries(settings) },
  interfaces: links.map(([name, address]) => ({ device: openTun({ name }), addresses: [address] })),
})
console.log(`router: ready on ${links.map((link) => link.join(' ')).join(', ')}`)

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await router.close()
    // What was forwarded, answered and refused, under the names that nstat has for them.
    for (const [name, count] of Object.entries(router.stack.counters())) {
      if (count > 0) console.log(`${name.padEnd(32)} ${count}`)
    }
  })
}
