import type { Stack } from '@jackfield/stack'
import type { Tables } from './tables.js'

/**
 * Whether a host in which nothing is under way any more has given everything back; throws with what it has not.
 * @param listeners sockets that still listen
 */
export function checkRest(stack: Stack<string>, tables: Tables, listeners: number): void {
  checkPackets(stack, 'everything is at rest')
  for (const { memory, orphans, connections } of tables.tcp) {
    const left = connections.size - listeners
    if (memory + orphans + left !== 0)
      throw new Error(`TCP at rest: ${memory} bytes, ${orphans} orphans, ${left} connections`)
  }
  for (const each of tables.reassemblers) {
    if (each.size !== 0 || each.memory !== 0) throw new Error(`${each.size} datagrams wait for fragments for ever`)
  }
  for (const each of tables.queues) {
    if (each.length !== 0 || each.used !== 0)
      throw new Error(`an empty receive queue says that it pins ${each.used} bytes`)
  }
  for (const each of tables.neighbors) {
    if (each.waitingBytes !== 0) throw new Error(`${each.waitingBytes} bytes wait for neighbours for ever`)
  }
}

/** Whether every packet was released. */
export function checkPackets({ packets }: Stack<string>, when: string): void {
  if (packets.outstanding !== 0) throw new Error(`${packets.outstanding} packets are left when ${when}`)
}
