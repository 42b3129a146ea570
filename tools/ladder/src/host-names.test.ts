import { expect, test } from 'vitest'
import { hostNamesIn } from './host-names.js'

test.each([
  ['const a = Buffer.from([])', ['Buffer']],
  ['declare const process: { argv: string[] }', ['process']],
  ['const a = globalThis.process', ['process']],
  ["const a = globalThis['Buffer']", ['Buffer']],
  ['const a = (globalThis as { process?: object }).process', ['process']],
  ['const a = require("x"), b = __dirname', ['__dirname', 'require']],
  ['let a: Buffer', ['Buffer']],
])('finds the host in %s', (text, names) => {
  expect([...hostNamesIn('a.ts', text)].sort()).toEqual(names)
})

test.each([
  'packet.process()',
  'class A { process(): void {} }',
  'interface A { require(name: string): void }',
  'const a = { process: 1 }',
  '// Buffer of Node',
  "const a = 'Buffer'",
  'class PacketBuffer {}',
])('finds no host in %s', (text) => {
  expect([...hostNamesIn('a.ts', text)]).toEqual([])
})
