import { library } from '../../tsup.base.js'

export default library({ index: 'src/index.ts', tun: 'src/tun.ts', cli: 'src/cli/main.ts' })
