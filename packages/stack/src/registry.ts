import {
  type AddressFamily,
  ANY_PROTOCOL,
  EAFNOSUPPORT,
  EPROTONOSUPPORT,
  ESOCKTNOSUPPORT,
  type SocketProvider,
} from '@jackfield/interfaces'

/** Which packages make which sockets and read which addresses. */
export class SocketRegistry {
  private readonly providers: SocketProvider[] = []
  private readonly families = new Map<number, AddressFamily>()

  addProvider(provider: SocketProvider): void {
    const same = this.providers.find(
      (other) =>
        other.family === provider.family && other.type === provider.type && other.protocol === provider.protocol,
    )
    if (same !== undefined) {
      throw new Error(
        `two packages provide sockets of family ${provider.family}, type ${provider.type}, protocol ${provider.protocol}`,
      )
    }
    this.providers.push(provider)
  }

  addFamily(family: AddressFamily): void {
    if (this.families.has(family.family)) throw new Error(`two packages define the address family ${family.family}`)
    this.families.set(family.family, family)
  }

  family(family: number): AddressFamily | undefined {
    return this.families.get(family)
  }

  /**
   * Who makes `socket(family, type, protocol)`.
   * @returns the provider, or the number of Linux's error: `EAFNOSUPPORT`, `ESOCKTNOSUPPORT`, `EPROTONOSUPPORT`
   */
  find(family: number, type: number, protocol: number): SocketProvider | number {
    const ofFamily = this.providers.filter((provider) => provider.family === family)
    if (ofFamily.length === 0) return EAFNOSUPPORT
    const ofType = ofFamily.filter((provider) => provider.type === type)
    if (ofType.length === 0) return ESOCKTNOSUPPORT
    const found =
      protocol === 0
        ? ofType.find((provider) => provider.isDefault)
        : (ofType.find((provider) => provider.protocol === protocol) ??
          ofType.find((provider) => provider.protocol === ANY_PROTOCOL))
    return found ?? ofType.find((provider) => provider.protocol === ANY_PROTOCOL) ?? EPROTONOSUPPORT
  }
}
