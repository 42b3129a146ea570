/** An expression of a code block. */
export type PythonExpression =
  | { readonly kind: 'constant'; readonly value: number | string | boolean | null }
  /** A string with `{expression}` in it; the parts are text and expressions with their format. */
  | { readonly kind: 'format'; readonly parts: readonly (string | FormatPart)[] }
  | { readonly kind: 'name'; readonly name: string; readonly line: number }
  | { readonly kind: 'list'; readonly items: readonly PythonExpression[] }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: PythonExpression }
  | {
      readonly kind: 'binary'
      readonly operator: string
      readonly left: PythonExpression
      readonly right: PythonExpression
      readonly line: number
    }
  /** `a < b <= c` */
  | {
      readonly kind: 'compare'
      readonly first: PythonExpression
      readonly rest: readonly { readonly operator: string; readonly operand: PythonExpression }[]
      readonly line: number
    }
  | { readonly kind: 'and' | 'or'; readonly left: PythonExpression; readonly right: PythonExpression }
  | {
      readonly kind: 'choice'
      readonly condition: PythonExpression
      readonly chosen: PythonExpression
      readonly otherwise: PythonExpression
    }
  | {
      readonly kind: 'call'
      /** The function, or the method of `target`. */
      readonly name: string
      readonly target: PythonExpression | null
      readonly args: readonly PythonExpression[]
      readonly line: number
    }
  | {
      readonly kind: 'subscript'
      readonly target: PythonExpression
      readonly index: PythonExpression
      readonly line: number
    }

/** One `{expression:format}`. */
export interface FormatPart {
  readonly expression: PythonExpression
  readonly format: string
}

/** A statement of a code block. */
export type PythonStatement =
  | {
      readonly kind: 'assert'
      readonly condition: PythonExpression
      readonly message: PythonExpression | null
      /** As written. */
      readonly text: string
      readonly line: number
    }
  | { readonly kind: 'print'; readonly args: readonly PythonExpression[] }
  | { readonly kind: 'expression'; readonly value: PythonExpression }
  /** `operator` is `''` for a plain assignment. */
  | {
      readonly kind: 'assign'
      readonly name: string
      readonly operator: string
      readonly value: PythonExpression
      readonly line: number
    }
  | {
      readonly kind: 'if'
      readonly condition: PythonExpression
      readonly body: readonly PythonStatement[]
      readonly otherwise: readonly PythonStatement[]
    }
  | {
      readonly kind: 'for'
      readonly name: string
      readonly items: PythonExpression
      readonly body: readonly PythonStatement[]
      readonly line: number
    }
  | { readonly kind: 'pass' }
