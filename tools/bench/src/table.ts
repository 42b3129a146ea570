import type { CaseReport, Figure } from './figure.js'

/** A case for people: one line for each figure. */
export function table(report: CaseReport): string {
  const head = `${report.name}: ${report.title}`
  if (report.leftOut !== undefined) return `${head}\n  ${report.failed ? 'FAILED' : 'left out'}: ${report.leftOut}`
  const rows = report.figures.map((figure) => [
    figure.name,
    `${format(figure.value)} ${figure.unit}`,
    figure.peer === undefined ? '' : `${figure.peer.name} ${format(figure.peer.value)}`,
    figure.ratio === undefined ? '' : `x ${figure.ratio.toFixed(2)}`,
    aim(figure),
  ])
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
  return [head, ...lines.map((line) => `  ${line}`), ...report.notes.map((note) => `  - ${note}`)].join('\n')
}

function aim({ aim }: Figure): string {
  return aim === undefined ? '' : `(aim ${aim.text}: ${aim.met ? 'met' : 'NOT MET'})`
}

/** Large numbers with separators, small ones with three digits that count. */
function format(value: number): string {
  return Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)))
}
