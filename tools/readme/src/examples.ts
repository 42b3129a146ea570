/** A program in a README, to be run. */
export interface Example {
  /** The file that it is in, from the root of the repository. */
  readonly file: string
  /** Line of the file on which the program begins, from 1. */
  readonly line: number
  readonly code: string
}

/** The programs of a text: its `ts` blocks. Blocks of other languages, `js` too, are for show. */
export function examplesIn(file: string, text: string): Example[] {
  const examples: Example[] = []
  const lines = text.split('\n')
  for (let i = 0; i < lines.length; i++) {
    if (lines[i]?.trimEnd() !== '```ts') continue
    const end = lines.findIndex((line, at) => at > i && line.startsWith('```'))
    if (end < 0) throw new Error(`${file}:${i + 1}: the block has no end`)
    examples.push({ file, line: i + 2, code: `${lines.slice(i + 1, end).join('\n')}\n` })
    i = end
  }
  return examples
}

/** The packages that the install lines of a text name: `npm install @jackfield/udp @jackfield/stack`. */
export function installedBy(text: string): Set<string> {
  const names = new Set<string>()
  for (const [, list] of text.matchAll(/^npm install ([^\n]+)$/gm)) {
    for (const name of (list ?? '').split(/\s+/)) if (name !== '' && !name.startsWith('-')) names.add(name)
  }
  return names
}

/** The packages that a program imports, without Node's own. */
export function importedBy(code: string): Set<string> {
  const names = new Set<string>()
  for (const [, specifier] of code.matchAll(/(?:from|import) '([^'.][^']*)'/g)) {
    const parts = (specifier ?? '').split('/')
    const name = parts[0]?.startsWith('@') === true ? parts.slice(0, 2).join('/') : (parts[0] ?? '')
    if (!name.startsWith('node:')) names.add(name)
  }
  return names
}
