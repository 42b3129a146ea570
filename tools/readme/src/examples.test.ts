import { expect, test } from 'vitest'
import { examplesIn, importedBy, installedBy } from './examples.js'

const TEXT = `# Name

\`\`\`sh
npm install @jackfield/name @jackfield/other
\`\`\`

\`\`\`ts
import assert from 'node:assert'
import { name } from '@jackfield/name/wire'
import 'other'

assert(name)
\`\`\`

\`\`\`js
shown()
\`\`\`

\`\`\`ts
second()
\`\`\`
`

test('finds the programs of a text and where they are', () => {
  const examples = examplesIn('README.md', TEXT)
  expect(examples.map(({ line }) => line)).toEqual([8, 20])
  expect(examples[1]?.code).toBe('second()\n')
})

test('says which block has no end', () => {
  expect(() => examplesIn('README.md', 'a\n```ts\nb\n')).toThrow('README.md:2: the block has no end')
})

test('finds what is installed and what is imported', () => {
  expect([...installedBy(TEXT)]).toEqual(['@jackfield/name', '@jackfield/other'])
  expect([...importedBy(examplesIn('README.md', TEXT)[0]?.code ?? '')]).toEqual(['@jackfield/name', 'other'])
})
