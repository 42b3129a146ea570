// A router between TUN devices: what comes in by one goes out by the one behind which its destination is.
import { createHost } from 'jackfield'
import { openTun } from 'jackfield/tun'

/** As `tun0=10.9.0.2/24,fd09::2/64`: a device with the router's addresses on it, which say what networks are behind it. */
const links = []
/** As `net.ipv4.icmp_ratelimit=0`. */
const settings = []
for (const argument of process.argv.slice(2)) {
  const [name, value = ''] = argument.split('=')
  if (name.startsWith('net.')) settings.push([name, value])
  else links.push([name, value])
}
if (links.length < 2) {
  console.error('usage: node src/router.js IF=ADDRESS/LEN[,...] IF=ADDRESS/LEN[,...] ... [net.SETTING=VALUE ...]')
  process.exit(2)
}

const router = createHost({
  name: 'router',
  sysctl: {
    'net.ipv4.ip_forward': 1,
    'net.ipv6.conf.all.forwarding': 1,
    // Link-local addresses, which routers are known by, on devices without hardware addresses to make them of.
    'net.ipv6.conf.default.addr_gen_mode': 3,
    ...Object.fromEntries(settings),
  },
  interfaces: links.map(([name, addresses]) => ({ device: openTun({ name }), addresses: addresses.split(',') })),
})
// Hosts learn their addresses and their default router from what it says.
for (const [name, addresses] of links) if (addresses.includes(':')) router.advertise(name)
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
