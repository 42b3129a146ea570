export type { InterfaceInformation } from './interface-request.js'
export {
  configureInterface,
  type InterfaceAddresses,
  type InterfaceSettings,
  readInterface,
} from './interface-settings.js'
export { openTap, openTun } from './open-tun.js'
export type { TunMode, TunOptions } from './options.js'
export type { TunDevice } from './tun-device.js'
export { TunError } from './tun-error.js'
