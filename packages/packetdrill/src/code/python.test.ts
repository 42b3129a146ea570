import { describe, expect, test } from 'vitest'
import { PythonRunner } from './python-run.js'
import { PythonError } from './python-tokens.js'
import { tcpInfoNames } from './tcp-info.js'

function run(text: string, names: Record<string, number> = {}): string[] {
  const output: string[] = []
  const runner = new PythonRunner((line) => output.push(line))
  for (const [name, value] of Object.entries(names)) runner.set(name, value)
  runner.run(text)
  return output
}

function fault(text: string, names: Record<string, number> = {}): string {
  try {
    run(text, names)
  } catch (error) {
    if (error instanceof PythonError) return `${error.line} ${error.exception}: ${error.message}`
    throw error
  }
  return 'none'
}

describe('expressions have the values that Python gives them', () => {
  test.each([
    ['1 + 2 * 3 ** 2', '19'],
    ['-7 // 2, -7 % 3, 7 % -3', '-4 2 -2'],
    ['7 / 2', '3.5'],
    ['2 ** 3 ** 2', '512'],
    ['1 << 40 | 5', '1099511627781'],
    ['~5 & 0xff ^ 3', '249'],
    ['1 < 2 < 3, 1 < 3 < 2', 'True False'],
    ['1 == 1.0 and not 0 or x', 'True'],
    ["'a' in 'cat', 3 not in [1, 2], None is None", 'True True True'],
    ["'yes' if 2 > 1 else 'no'", 'yes'],
    ['(1, 2) < (1, 3), (1,)', 'True (1,)'],
    ['max(1, 5, 3), min([4, 2]), abs(-3), sum(range(5))', '5 2 3 10'],
    ["int('12') + int(3.9), round(2.5), len('abc')", '15 2 3'],
    ["'%d of %5.2f%% %s %r %04x' % (3, 1.239, 'a', 'b', 255)", "3 of  1.24% a 'b' 00ff"],
    ["'{} {1} {0:>4}|'.format(7, 8) if False else '{:>4}|{:02d}'.format(7, 8)", '   7|08'],
    ["f'{1 + 1:.1f} and {tcpi_rtt}'", '2.0 and 100'],
    ["'a' 'b' + \"c\"", 'abc'],
    ['[1, 2, 3][-1], "abc"[0]', '3 a'],
    ['18446744073709551615 > 10, 1e3', 'True 1000'],
  ])('%s', (expression, expected) => {
    expect(run(`print(${expression})`, { tcpi_rtt: 100 })).toEqual([expected])
  })
})

test('statements: blocks, chains, loops, and names that stay', () => {
  const text = `
total = 0
for i in range(4):
    if i == 1: continue_ = 1
    elif i == 2:
        total += 10
    else:
        total += 1; total += 1
print(total,
      'lines may be continued')  # and have comments
if total > 100:
  pass
else: print "as of old", total
`
  expect(run(text)).toEqual(['14 lines may be continued', 'as of old 14'])
})

test('print is a function, also where it is not the whole of a line', () => {
  expect(run('print(1) if 1 > 2 else print(2, "b")\nprint()')).toEqual(['2 b', ''])
})

test('the indentation of the script around a block does not matter', () => {
  expect(run('a = 1\n      b = 2\n   print(a + b)\n')).toEqual(['3'])
})

test('assertions tell what they found', () => {
  expect(fault('assert cwnd == 10', { cwnd: 10 })).toBe('none')
  expect(fault('\nassert cwnd == 10, cwnd', { cwnd: 7 })).toBe(
    '1 AssertionError: 7 (assert cwnd == 10, cwnd) where cwnd = 7',
  )
  expect(fault("assert a < b and not (a == 3), 'a=%d' % a", { a: 3, b: 2 })).toContain('a=3 ')
})

test.each([
  ['print(x)', "0 NameError: name 'x' is not defined"],
  ['a = 1\nprint(a / 0)', '1 TypeError: division by zero'],
  ["print('a' + 1)", '0 TypeError: unsupported operand type: str'],
  ['print(1', 'SyntaxError'],
  ['a ? b', "0 SyntaxError: invalid character '?'"],
  ['import os', 'SyntaxError'],
  ['if 1:\nprint(2)', 'SyntaxError'],
  ['open("x")', "0 NameError: name 'open' is not defined"],
  ["print('%d' % (1, 2))", 'not all arguments converted'],
  ['for i in range(99999):\n  for j in range(99999):\n    x = j', 'steps'],
  [`print(${'('.repeat(500)}1)`, 'too many nested parentheses'],
])('%s', (text, message) => {
  expect(fault(text)).toContain(message)
})

test('TCP_INFO under the names of the language, however the stack spells its fields', () => {
  const names = tcpInfoNames({ sndCwnd: 10, tcpi_rtt: 5, snd_ssthresh: 7, busyTime: 3, nothing: null })
  expect([...names]).toEqual([
    ['tcpi_snd_cwnd', 10],
    ['tcpi_rtt', 5],
    ['tcpi_snd_ssthresh', 7],
    ['tcpi_busy_time', 3],
  ])
})
