import { ScriptError } from './script-error.js'

/** A fault as the tool prints it: `FILE:LINE: error handling packet: ...`. */
export function reportFault(file: string, fault: unknown, line: number): string {
  if (!(fault instanceof ScriptError)) {
    const text = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)
    return `${file}:${line}: the stack failed: ${text}`
  }
  return `${file}:${fault.line}: ${headOf(fault)}${fault.message}`
}

function headOf({ kind, warning, message }: ScriptError): string {
  switch (kind) {
    case 'parse':
      return message.startsWith('parse error') ? '' : 'parse error: '
    case 'semantic':
      return 'semantic error: '
    case 'packet':
      return `${warning ? 'warning' : 'error'} handling packet: `
    case 'code':
      return 'error executing code: '
    case 'command':
      return 'error executing command: '
    case 'setup':
      return 'configuration error: '
    case 'system call':
      return ''
  }
}
