export { decodeVnetHeader, encodeVnetHeader, VNET_HEADER_LENGTH } from './wire/vnet-header.js'
