import { library } from '../../tsup.base.js'

export default library(['src/index.ts', 'src/constants.ts', 'src/compliance.ts'])
