/** Whether a descriptor is open: closing the gateway closes them all, under those who use them. */
export function isOpen(sockets, fd) {
  return sockets.descriptors().includes(fd)
}
