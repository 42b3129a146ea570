// The gateway on a TUN device: what is routed into the device is opened by this host.
import { openTun } from 'jackfield/tun'
import { createGateway } from './gateway.js'

const [link = '', ...maps] = process.argv.slice(2)
const [name = '', address = ''] = link.split('=')
const mapped = new Map(maps.map((text) => text.split('=')))
if (name === '' || address === '') {
  console.error('usage: node src/main.js IF=ADDRESS/LEN [ASKED=REAL ...]')
  process.exit(2)
}

const gateway = createGateway({
  device: openTun({ name }),
  address,
  reach: (local) => ({ address: mapped.get(local.address) ?? local.address, port: local.port }),
})
console.log(`gateway: ready on ${name} ${address}`)

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    for (const [counter, count] of Object.entries(gateway.stack.counters())) {
      if (count > 0 && counter.includes('Forward')) console.log(`${counter.padEnd(28)} ${count}`)
    }
    await gateway.close()
    process.exit(0)
  })
}
