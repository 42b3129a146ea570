export { Mld, type MldOptions } from './mld.js'
