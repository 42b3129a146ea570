export { refusalOf } from './gateway.js'
