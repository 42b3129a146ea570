import { isLinkLocal } from '@jackfield/addr'
import type { NetworkHeader } from '@jackfield/interfaces'

/** The zone of a packet's sender, for who answers it: link-local addresses alone have one (RFC 4007 6). */
export function senderZone({ source, interfaceIndex }: NetworkHeader): number {
  return isLinkLocal(source) ? interfaceIndex : 0
}
