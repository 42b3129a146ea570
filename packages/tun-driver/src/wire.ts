export { decodeVnetHeader, encodeVnetHeader, VNET_HEADER_LENGTH } from './vnet-header.js'
