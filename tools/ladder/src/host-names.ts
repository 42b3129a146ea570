import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { isHostTest } from './file-kind.js'
import type { House } from './house.js'
import type { Sources } from './sources.js'
import type { Violation } from './violation.js'

/** Node's globals. The compiler knows none of them in a core package; this catches those who declare them. */
const NAMES: ReadonlySet<string> = new Set(['Buffer', 'process', 'require', '__dirname', '__filename', 'setImmediate'])

/** Checks that core packages and the tests of theirs that browsers run name no global of Node. */
export function checkHostNames(house: House, sources: Sources, violations: Violation[]): void {
  const core = house.rooms.filter(({ row }) => row.host !== true)
  for (const file of sources.files) {
    if (isHostTest(file) || !core.some(({ path }) => file.startsWith(`${path}/`))) continue
    for (const name of hostNamesIn(file, readFileSync(join(house.root, file), 'utf8'))) {
      violations.push({ rule: 'host', where: file, message: `names ${name}, which only Node has` })
    }
  }
}

/** The globals of Node that a text names, as a variable or as a member of `globalThis`. */
export function hostNamesIn(file: string, text: string): Set<string> {
  const found = new Set<string>()
  if (![...NAMES].some((name) => text.includes(name))) return found
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true)
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && NAMES.has(node.text) && !isMemberName(node)) found.add(node.text)
    if (ts.isStringLiteral(node) && NAMES.has(node.text) && isIndexOfGlobal(node)) found.add(node.text)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** Whether an identifier only names a member: `packet.process()`, `{ process() {} }`. */
function isMemberName(node: ts.Identifier): boolean {
  const parent = node.parent
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) return !isGlobal(parent.expression)
  if (ts.isTypeElement(parent)) return !isInGlobalCast(parent)
  const isMember = ts.isClassElement(parent) || ts.isPropertyAssignment(parent)
  return isMember && parent.name === node
}

/** `globalThis`, in parentheses or cast or not. */
function isGlobal(expression: ts.Expression): boolean {
  if (ts.isParenthesizedExpression(expression) || ts.isAsExpression(expression)) return isGlobal(expression.expression)
  return ts.isIdentifier(expression) && expression.text === 'globalThis'
}

/** Whether a member stands in the type to which `globalThis` is cast. */
function isInGlobalCast(member: ts.TypeElement): boolean {
  for (let node: ts.Node = member; node.parent !== undefined; node = node.parent) {
    if (ts.isAsExpression(node.parent)) return node.parent.type === node && isGlobal(node.parent.expression)
  }
  return false
}

function isIndexOfGlobal(node: ts.StringLiteral): boolean {
  return ts.isElementAccessExpression(node.parent) && isGlobal(node.parent.expression)
}
