/** What a guest is told, by the code of the error that its connection met with on the real host. */
const REFUSALS = {
  ECONNREFUSED: 'reset',
  ECONNRESET: 'reset',
  EHOSTUNREACH: 'host-unreachable',
  EHOSTDOWN: 'host-unreachable',
  ENETUNREACH: 'net-unreachable',
  ENETDOWN: 'net-unreachable',
  EACCES: 'prohibited',
  EPERM: 'prohibited',
  // Nobody answered: nor does the gateway, and the guest's own patience decides.
  ETIMEDOUT: 'drop',
}

/** How the guest hears of an error of the real host. */
export function refusalOf(error) {
  return REFUSALS[error.code] ?? 'host-unreachable'
}
