import { addIpv6, inFarNamespace, makeVeth, onProcessor, TCP_DEVICES, useCubic, VETH } from './namespace.js'
import { Peer } from './peer.js'

/** The ends of TCP measurements: the kernel here, the kernel in the other namespace, and stacks on TUN devices. */
export interface TcpPeers {
  readonly near: Peer
  readonly far: Peer
  /** With the device's offloads, without them, and the bare program. */
  readonly offload: Peer
  readonly plain: Peer
  readonly bare: Peer
  stop(): Promise<void>
}

/**
 * Makes the veth pair and the devices, all routes with CUBIC.
 * @param here processor of the kernel's near end; `there`: of all others
 */
export async function startTcpPeers(
  here: number,
  there: number,
  wanted: readonly (keyof typeof TCP_DEVICES)[],
): Promise<TcpPeers> {
  makeVeth()
  useCubic('near0', '10.98.0.0/24', VETH.near)
  useCubic('far0', '10.98.0.0/24', VETH.far, VETH.namespace)
  const near = await Peer.start({ role: 'tcp-kernel' }, onProcessor(here))
  const far = await Peer.start({ role: 'tcp-kernel' }, [...inFarNamespace(), ...onProcessor(there)])
  const started = [near, far]
  const start = async (kind: keyof typeof TCP_DEVICES): Promise<Peer> => {
    // Whoever asks for less gets one that it has: it is not used.
    if (!wanted.includes(kind)) return near
    const { name, stack, kernel, stack6, kernel6 } = TCP_DEVICES[kind]
    const common = { device: name, host: `${kernel}/24` }
    const peer = await Peer.start(
      kind === 'bare'
        ? { role: 'tcp-bare', ...common, address: stack }
        : { role: 'tcp-stack', ...common, addresses: [`${stack}/24`, `${stack6}/64`], offload: kind === 'offload' },
      onProcessor(there),
    )
    useCubic(name, kernel.replace(/\d+$/, '0/24'), kernel)
    if (kind !== 'bare') addIpv6(name, kernel6)
    started.push(peer)
    return peer
  }
  const offload = await start('offload')
  const plain = await start('plain')
  const bare = await start('bare')
  return {
    near,
    far,
    offload,
    plain,
    bare,
    async stop() {
      for (const peer of started) await peer.stop()
    },
  }
}
