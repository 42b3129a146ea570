import type { IpAddress } from '@jackfield/addr'
import { RARE_DEFAULTS, type RareOptionValues } from './rare-option-values.js'

/** The values of the options that all transports share. */
export class IpOptionValues {
  reuseAddress = false
  reusePort = false
  broadcast = false
  dontRoute = false
  keepAlive = false
  oobInline = false
  lingerOn = false
  /** Seconds. */
  lingerTime = 0
  receiveLowWater = 1
  priority = 0
  mark = 0
  /** `SO_BINDTODEVICE`: interface index, 0 for any. */
  boundInterface = 0
  /** `SO_NO_CHECK`: IPv4 datagrams leave without a checksum. */
  noCheck = false

  /** `IP_TTL`, `IPV6_UNICAST_HOPS`; -1: the host's default. */
  ttl = -1
  tos = 0
  multicastTtl = 1
  multicastLoop = true
  /** Interface that multicast leaves by, 0: by the route. */
  multicastInterface = 0
  /** Source of multicast where the socket is not bound to an address, or null. */
  multicastSource: IpAddress | null = null
  multicastAll = true
  /** `IP_PMTUDISC_WANT` and the like. */
  mtuDiscover = 1
  recvErr = false
  hdrIncl = false
  freebind = false
  transparent = false
  minTtl = 0
  bindAddressNoPort = false
  v6only = false
  /** `IPV6_DONTFRAG`: what does not fit the path's MTU is refused. */
  dontFragment = false
  /** `IPV6_FLOWINFO_SEND`: flow labels are those of the addresses that are connected or sent to. */
  flowInfoSend = false
  /** The label of the connection, 0 for none. */
  flowLabel = 0
  /** `IPV6_AUTOFLOWLABEL`, 0 or 1; -1: as the host has it. */
  autoFlowLabel = -1
  /** `IP_LOCAL_PORT_RANGE`, 0: the host's. */
  portLow = 0
  portHigh = 0
  rare: RareOptionValues = RARE_DEFAULTS
  /** `IP_OPTIONS` as they go into the header, or null. */
  ipOptions: Uint8Array | null = null
  /** Not 0 where a received control message is wanted (`WANT_*`): see `addReceiveControl`. */
  wantedControl = 0
}

const DEFAULTS: IpOptionValues = new IpOptionValues()

/**
 * Those of one socket: shared with all that set nothing, or with the listener that it came from, until one changes. A stack has
 * a hundred thousand sockets, and hardly any of them sets an option.
 */
export class SharedOptionValues {
  private values: IpOptionValues = DEFAULTS
  /** Nobody else has `values`. */
  private owned = false

  /** What the other set is set here too. */
  inheritValues(from: SharedOptionValues): void {
    this.values = from.values
    this.owned = false
    from.owned = false
  }

  private own(): IpOptionValues {
    if (!this.owned) {
      this.values = Object.assign(new IpOptionValues(), this.values)
      this.owned = true
    }
    return this.values
  }

  get reuseAddress(): boolean {
    return this.values.reuseAddress
  }

  set reuseAddress(value: boolean) {
    if (value !== this.values.reuseAddress) this.own().reuseAddress = value
  }

  get reusePort(): boolean {
    return this.values.reusePort
  }

  set reusePort(value: boolean) {
    if (value !== this.values.reusePort) this.own().reusePort = value
  }

  get broadcast(): boolean {
    return this.values.broadcast
  }

  set broadcast(value: boolean) {
    if (value !== this.values.broadcast) this.own().broadcast = value
  }

  get dontRoute(): boolean {
    return this.values.dontRoute
  }

  set dontRoute(value: boolean) {
    if (value !== this.values.dontRoute) this.own().dontRoute = value
  }

  get keepAlive(): boolean {
    return this.values.keepAlive
  }

  set keepAlive(value: boolean) {
    if (value !== this.values.keepAlive) this.own().keepAlive = value
  }

  get oobInline(): boolean {
    return this.values.oobInline
  }

  set oobInline(value: boolean) {
    if (value !== this.values.oobInline) this.own().oobInline = value
  }

  get lingerOn(): boolean {
    return this.values.lingerOn
  }

  set lingerOn(value: boolean) {
    if (value !== this.values.lingerOn) this.own().lingerOn = value
  }

  get lingerTime(): number {
    return this.values.lingerTime
  }

  set lingerTime(value: number) {
    if (value !== this.values.lingerTime) this.own().lingerTime = value
  }

  get receiveLowWater(): number {
    return this.values.receiveLowWater
  }

  set receiveLowWater(value: number) {
    if (value !== this.values.receiveLowWater) this.own().receiveLowWater = value
  }

  get priority(): number {
    return this.values.priority
  }

  set priority(value: number) {
    if (value !== this.values.priority) this.own().priority = value
  }

  get mark(): number {
    return this.values.mark
  }

  set mark(value: number) {
    if (value !== this.values.mark) this.own().mark = value
  }

  get boundInterface(): number {
    return this.values.boundInterface
  }

  set boundInterface(value: number) {
    if (value !== this.values.boundInterface) this.own().boundInterface = value
  }

  get noCheck(): boolean {
    return this.values.noCheck
  }

  set noCheck(value: boolean) {
    if (value !== this.values.noCheck) this.own().noCheck = value
  }

  get ttl(): number {
    return this.values.ttl
  }

  set ttl(value: number) {
    if (value !== this.values.ttl) this.own().ttl = value
  }

  get tos(): number {
    return this.values.tos
  }

  set tos(value: number) {
    if (value !== this.values.tos) this.own().tos = value
  }

  get multicastTtl(): number {
    return this.values.multicastTtl
  }

  set multicastTtl(value: number) {
    if (value !== this.values.multicastTtl) this.own().multicastTtl = value
  }

  get multicastLoop(): boolean {
    return this.values.multicastLoop
  }

  set multicastLoop(value: boolean) {
    if (value !== this.values.multicastLoop) this.own().multicastLoop = value
  }

  get multicastInterface(): number {
    return this.values.multicastInterface
  }

  set multicastInterface(value: number) {
    if (value !== this.values.multicastInterface) this.own().multicastInterface = value
  }

  get multicastSource(): IpAddress | null {
    return this.values.multicastSource
  }

  set multicastSource(value: IpAddress | null) {
    if (value !== this.values.multicastSource) this.own().multicastSource = value
  }

  get multicastAll(): boolean {
    return this.values.multicastAll
  }

  set multicastAll(value: boolean) {
    if (value !== this.values.multicastAll) this.own().multicastAll = value
  }

  get mtuDiscover(): number {
    return this.values.mtuDiscover
  }

  set mtuDiscover(value: number) {
    if (value !== this.values.mtuDiscover) this.own().mtuDiscover = value
  }

  get recvErr(): boolean {
    return this.values.recvErr
  }

  set recvErr(value: boolean) {
    if (value !== this.values.recvErr) this.own().recvErr = value
  }

  get hdrIncl(): boolean {
    return this.values.hdrIncl
  }

  set hdrIncl(value: boolean) {
    if (value !== this.values.hdrIncl) this.own().hdrIncl = value
  }

  get freebind(): boolean {
    return this.values.freebind
  }

  set freebind(value: boolean) {
    if (value !== this.values.freebind) this.own().freebind = value
  }

  get transparent(): boolean {
    return this.values.transparent
  }

  set transparent(value: boolean) {
    if (value !== this.values.transparent) this.own().transparent = value
  }

  get minTtl(): number {
    return this.values.minTtl
  }

  set minTtl(value: number) {
    if (value !== this.values.minTtl) this.own().minTtl = value
  }

  get bindAddressNoPort(): boolean {
    return this.values.bindAddressNoPort
  }

  set bindAddressNoPort(value: boolean) {
    if (value !== this.values.bindAddressNoPort) this.own().bindAddressNoPort = value
  }

  get v6only(): boolean {
    return this.values.v6only
  }

  set v6only(value: boolean) {
    if (value !== this.values.v6only) this.own().v6only = value
  }

  get dontFragment(): boolean {
    return this.values.dontFragment
  }

  set dontFragment(value: boolean) {
    if (value !== this.values.dontFragment) this.own().dontFragment = value
  }

  get flowInfoSend(): boolean {
    return this.values.flowInfoSend
  }

  set flowInfoSend(value: boolean) {
    if (value !== this.values.flowInfoSend) this.own().flowInfoSend = value
  }

  get flowLabel(): number {
    return this.values.flowLabel
  }

  set flowLabel(value: number) {
    if (value !== this.values.flowLabel) this.own().flowLabel = value
  }

  get autoFlowLabel(): number {
    return this.values.autoFlowLabel
  }

  set autoFlowLabel(value: number) {
    if (value !== this.values.autoFlowLabel) this.own().autoFlowLabel = value
  }

  get portLow(): number {
    return this.values.portLow
  }

  set portLow(value: number) {
    if (value !== this.values.portLow) this.own().portLow = value
  }

  get portHigh(): number {
    return this.values.portHigh
  }

  set portHigh(value: number) {
    if (value !== this.values.portHigh) this.own().portHigh = value
  }

  get ipOptions(): Uint8Array | null {
    return this.values.ipOptions
  }

  set ipOptions(value: Uint8Array | null) {
    if (value !== this.values.ipOptions) this.own().ipOptions = value
  }

  get rare(): RareOptionValues {
    return this.values.rare
  }

  /** Changes some of them. */
  setRare(changes: Partial<RareOptionValues>): void {
    this.own().rare = { ...this.values.rare, ...changes }
  }

  get wantedControl(): number {
    return this.values.wantedControl
  }

  set wantedControl(value: number) {
    if (value !== this.values.wantedControl) this.own().wantedControl = value
  }
}
