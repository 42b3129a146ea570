import type { Clock, Timer } from '@jackfield/clock'
import type { ArpTransmitter } from './arp-transmitter.js'
import type { EthernetLink } from './ethernet-link.js'

/** RFC 5227 1.1: microseconds between announcements, and how many there are. */
const ANNOUNCE_INTERVAL = 2_000_000
const ANNOUNCE_NUM = 2

interface Announcement {
  readonly link: EthernetLink
  readonly address: number
  readonly timer: Timer
  left: number
}

/** Gratuitous ARP: tells the link of addresses that are new here, so that what others remember of them is put right. */
export class Announcer {
  private readonly clock: Clock
  private readonly transmitter: ArpTransmitter
  /** At most one for each address of each interface. */
  private readonly pending: Announcement[] = []

  constructor(clock: Clock, transmitter: ArpTransmitter) {
    this.clock = clock
    this.transmitter = transmitter
  }

  /** Announces an address now and again two seconds later. */
  announce(link: EthernetLink, address: number): void {
    this.cancel(link, address)
    const announcement: Announcement = {
      link,
      address,
      timer: this.clock.createTimer(() => this.next(announcement), { background: true }),
      left: ANNOUNCE_NUM,
    }
    this.pending.push(announcement)
    this.next(announcement)
  }

  /** The address went. */
  cancel(link: EthernetLink, address: number): void {
    this.drop((each) => each.link === link && each.address === address)
  }

  /** The link went, or all of them. */
  close(link: EthernetLink | null): void {
    this.drop((each) => link === null || each.link === link)
  }

  private next(announcement: Announcement): void {
    announcement.left--
    if (announcement.left > 0) announcement.timer.setAfter(ANNOUNCE_INTERVAL)
    else this.pending.splice(this.pending.indexOf(announcement), 1)
    this.transmitter.announce(announcement.link, announcement.address)
  }

  private drop(which: (announcement: Announcement) => boolean): void {
    for (let i = this.pending.length - 1; i >= 0; i--) {
      const announcement = this.pending[i]
      if (announcement === undefined || !which(announcement)) continue
      announcement.timer.cancel()
      this.pending.splice(i, 1)
    }
  }
}
