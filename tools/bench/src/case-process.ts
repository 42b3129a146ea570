import { CASES } from './cases.js'

// Started by `run-case.ts`: runs one case and prints what it gave as one line of JSON.
const [name, runs = '5'] = process.argv.slice(2)
const wanted = CASES.find((each) => each.name === name)
if (wanted === undefined) throw new RangeError(`no case is named ${String(name)}`)
const report = await wanted.run(Number(runs))
console.log(JSON.stringify(report))
