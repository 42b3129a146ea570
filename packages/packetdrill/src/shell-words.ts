/** One simple command: its words, and where its output goes. */
export interface ShellCommand {
  readonly words: readonly string[]
  /** The file behind `>` or `>>`, or null. */
  readonly output: string | null
}

const WORD = /"((?:\\[\s\S]|[^"\\])*)"|'([^']*)'|\\([\s\S])|([^\s"'\\;&|<>]+)/y
const REDIRECTION = /\d?(?:>>|>|<)&?\s*/y

/**
 * The simple commands of a shell text, in order: what new lines, `;`, `&&`, `||`, `|` and `&` stand between. Variables
 * and control structures are not looked into.
 */
export function shellCommands(text: string): ShellCommand[] {
  const commands: ShellCommand[] = []
  for (const line of text.replaceAll('\\\n', ' ').split('\n')) commands.push(...lineCommands(line))
  return commands
}

function lineCommands(line: string): ShellCommand[] {
  const commands: ShellCommand[] = []
  let words: string[] = []
  let output: string | null = null
  let at = 0
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    return pattern.exec(line)
  }
  const finish = (): void => {
    if (words.length > 0) commands.push({ words, output })
    words = []
    output = null
  }
  /** A word: pieces, with and without quotes, that stand side by side. */
  const word = (): string | null => {
    let result: string | null = null
    for (let piece = match(WORD); piece !== null; piece = match(WORD)) {
      const [whole, double, single, escaped, plain] = piece
      at += whole.length
      result = (result ?? '') + (double ?? single ?? escaped ?? plain ?? '')
    }
    return result
  }
  while (at < line.length) {
    const char = line[at] as string
    if (/\s/.test(char)) {
      at++
      continue
    }
    if (char === '#') break
    const redirection = match(REDIRECTION)
    if (redirection !== null) {
      at += redirection[0].length
      const target = word()
      if (redirection[0].includes('>') && !redirection[0].startsWith('2')) output = target
      continue
    }
    if (';&|'.includes(char)) {
      finish()
      at++
      continue
    }
    const next = word()
    if (next === null) at++
    else words.push(next)
  }
  finish()
  return commands
}
