import { createNetwork } from '@jackfield/sim'
import { describe, expect, it } from 'vitest'
import { SequencedPort } from './index.js'

const text = (data: Uint8Array): string => new TextDecoder().decode(data)
const bytes = (words: string): Uint8Array => new TextEncoder().encode(words)

/** Two hosts in one process, on a cable that loses, repeats and reorders. */
function pair(trouble: number) {
  const network = createNetwork({ seed: 7 })
  const a = network.host('a')
  const b = network.host('b')
  network.cable(a, b, {
    loss: trouble,
    duplicate: trouble / 2,
    reorder: { probability: trouble / 2, delay: '300ms' },
    delay: '5ms',
    addresses: ['10.0.0.1/24', '10.0.0.2/24'],
  })
  return { network, a, b }
}

describe('a transport written on raw sockets', () => {
  it('delivers each datagram once and in order, both ways, over a cable that loses, repeats and reorders', async () => {
    const { network, a, b } = pair(0.2)
    const words = Array.from({ length: 50 }, (_, i) => `datagram ${i}`)
    const heard: string[] = []
    const answers: string[] = []
    const two = new SequencedPort(b.sockets, network.clock, 9, (data, from) => {
      heard.push(`${from} ${text(data)}`)
      two.send(from, bytes(text(data).toUpperCase())).catch(() => {})
    })
    await network.settle(
      new Promise<void>((resolve, reject) => {
        const one = new SequencedPort(a.sockets, network.clock, 7, (data, from) => {
          answers.push(`${from} ${text(data)}`)
          if (answers.length === words.length) resolve()
        })
        for (const word of words) one.send('10.0.0.2:9', bytes(word)).catch(reject)
      }),
    )
    expect(heard).toEqual(words.map((word) => `10.0.0.1:7 ${word}`))
    expect(answers).toEqual(words.map((word) => `10.0.0.2:9 ${word.toUpperCase()}`))
    await network.close()
  })

  it('tells the sender when nobody answers', async () => {
    const { network, a } = pair(0)
    const one = new SequencedPort(a.sockets, network.clock, 7, () => {})
    await expect(network.settle(one.send('10.0.0.2:9', bytes('hello')))).rejects.toThrow('10.0.0.2:9 does not answer')
    expect(network.now).toBeGreaterThan(1_900_000)
    one.close()
    await network.close()
  })
})
