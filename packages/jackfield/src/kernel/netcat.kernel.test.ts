import { MSG_WAITALL, SHUT_WR } from '@jackfield/sockets'
import { describe, expect, test } from 'vitest'
import { noise, openStack } from './in-process.test-support.js'
import { BOTH_VERSIONS, Running, until } from './kernel.test-support.js'
import { connectStack, drainStack, listenStack } from './stack-stream.test-support.js'

const there = noise(3_000_000, 3)
const back = noise(2_000_000, 4)

/** nc with input that does not end by itself, or with this input and FIN behind it. */
function netcat(...parameters: string[]): Running {
  return new Running('nc', parameters, { input: there })
}

/** Bytes that nc printed. */
function printed(nc: Running): Buffer {
  return Buffer.from(nc.stdout, 'latin1')
}

describe.each(BOTH_VERSIONS)('nc of the kernel calls the stack over IPv$version', ({ version }) => {
  test('and closes its side first: the stack still sends all it has', async () => {
    const opened = openStack('tun', { version })
    const { sockets, stack } = opened
    const listening = listenStack(opened, 5000)
    const nc = netcat('-N', stack, '5000')
    const fd = await sockets.promises.accept(listening)
    // Its end is seen before anything goes back.
    expect((await drainStack(sockets, fd)).equals(there)).toBe(true)
    await sockets.promises.send(fd, back)
    sockets.close(fd)
    expect(await nc.within(60_000)).toMatchObject({ code: 0, stderr: '' })
    expect(printed(nc).equals(back)).toBe(true)
  })

  test('and the stack closes its side first: it still gets all that nc has', async () => {
    const opened = openStack('tun', { version })
    const { sockets, stack } = opened
    const listening = listenStack(opened, 5000)
    const nc = netcat('-N', stack, '5000')
    const fd = await sockets.promises.accept(listening)
    await sockets.promises.send(fd, back)
    sockets.shutdown(fd, SHUT_WR)
    await until(() => nc.stdout.length === back.length, 'all that the stack sent')
    expect((await drainStack(sockets, fd)).equals(there)).toBe(true)
    sockets.close(fd)
    expect(await nc.within(60_000)).toMatchObject({ code: 0, stderr: '' })
    expect(printed(nc).equals(back)).toBe(true)
  })
})

describe.each(BOTH_VERSIONS)('the stack calls nc -l of the kernel over IPv$version', ({ version }) => {
  /** A listening nc, and a connection of the stack's to it. */
  async function called(
    opened: ReturnType<typeof openStack>,
    port: number,
    ...more: string[]
  ): Promise<{ nc: Running; fd: number }> {
    const nc = netcat('-n', '-v', ...more, '-l', opened.kernel, String(port))
    await nc.printed(/Listening on/)
    return { nc, fd: await connectStack(opened.sockets, port, opened.kernel) }
  }

  test('and closes its side first: nc has all, and closes its own', async () => {
    const opened = openStack('tun', { version })
    const { sockets } = opened
    // Without -N the end of its input is not the end of its side.
    const { nc, fd } = await called(opened, 5001)
    const received = new Uint8Array(there.length)
    const signal = AbortSignal.timeout(60_000)
    expect(await sockets.promises.recv(fd, received, MSG_WAITALL, { signal })).toBe(there.length)
    expect(there.equals(received)).toBe(true)
    await sockets.promises.send(fd, back)
    sockets.shutdown(fd, SHUT_WR)
    expect(await drainStack(sockets, fd)).toHaveLength(0)
    expect(await nc.within(60_000)).toMatchObject({ code: 0 })
    sockets.close(fd)
    expect(printed(nc).equals(back)).toBe(true)
  })

  test('and nc closes its side first: the stack still sends', async () => {
    const opened = openStack('tun', { version })
    const { sockets } = opened
    // With -N it sends its FIN when its input is over.
    const { nc, fd } = await called(opened, 5002, '-N')
    expect((await drainStack(sockets, fd)).equals(there)).toBe(true)
    await sockets.promises.send(fd, back)
    sockets.close(fd)
    expect(await nc.within(60_000)).toMatchObject({ code: 0 })
    expect(printed(nc).equals(back)).toBe(true)
  })
})
