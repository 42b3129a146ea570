import { ENODEV, type LinkMedium } from '@jackfield/interfaces'
import { attach } from './attach.js'
import { readState } from './interface-request.js'
import { applySettings } from './interface-settings.js'
import { kernelCalls } from './kernel-calls.js'
import { checkOptions, type TunOptions } from './options.js'
import { TunDevice } from './tun-device.js'
import { attachError } from './tun-error.js'

/**
 * Opens a TUN device (mode `'tun'`, IP packets; the default) or a TAP device (mode `'tap'`, Ethernet frames), and sets up the
 * kernel's end of it as far as asked. Packets come once the device is given a receiver (`open`).
 * @throws TypeError, RangeError for options that cannot be right; TunError, with a remedy in its message, where the kernel refuses
 */
export function openTun(options?: TunOptions & { readonly mode?: 'tun' }): TunDevice<'ip'>
export function openTun(options: TunOptions & { readonly mode: 'tap' }): TunDevice<'ethernet'>
export function openTun(options: TunOptions): TunDevice
export function openTun(options: TunOptions = {}): TunDevice {
  return options.mode === 'tap' ? openDevice(options, 'ethernet') : openDevice(options, 'ip')
}

/** `openTun` with mode `'tap'`. */
export function openTap(options: Omit<TunOptions, 'mode'> = {}): TunDevice<'ethernet'> {
  return openTun({ ...options, mode: 'tap' })
}

function openDevice<Medium extends LinkMedium>(options: TunOptions, medium: Medium): TunDevice<Medium> {
  const checked = checkOptions(options)
  const calls = kernelCalls()
  const attachment = attach(calls, checked)
  try {
    applySettings(calls, attachment.name, checked.host)
    const state = readState(calls, attachment.name)
    if (state === null) throw attachError(ENODEV, attachment.name, checked.mode)
    return new TunDevice(calls, medium, attachment, checked, state)
  } catch (error) {
    for (const fd of attachment.fds) calls.close(fd)
    throw error
  }
}
