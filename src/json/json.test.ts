import fc from 'fast-check'
import { expect, it } from 'vitest'

import { DuplicateMember, JsonTooDeep, MAX_JSON_DEPTH, parseJson, parseUnambiguous, textOf } from './json.ts'

const nested = (depth: number) => `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`

it('reads what is nested as deeply as may be, and nothing that is deeper', () => {
  expect(parseJson(nested(MAX_JSON_DEPTH))).toEqual(JSON.parse(nested(MAX_JSON_DEPTH)))
  expect(() => parseJson(nested(MAX_JSON_DEPTH + 2))).toThrow(JsonTooDeep)
  expect(() => parseJson('['.repeat(1_000_000))).toThrow(JsonTooDeep)
})

it('counts no brackets within strings', () => {
  const brackets = '[{'.repeat(200)
  for (const text of [brackets, `"${brackets}`, `\\"${brackets}\\`, `\\\\${brackets}`])
    expect(parseJson(JSON.stringify([text, { [text]: text }]))).toEqual([text, { [text]: text }])
  expect(() => parseJson(`["\\\\", ${'['.repeat(100)}`)).toThrow(JsonTooDeep)
})

function repeatedIn(text: string): string | undefined {
  try {
    parseUnambiguous(text)
  } catch (error) {
    if (error instanceof DuplicateMember) return error.member
    throw error
  }
  return undefined
}

it('finds a name that is in an object twice, however it is written, and no other', () => {
  const names = fc.constantFrom(
    'a',
    'b',
    '__proto__',
    'constructor',
    '1',
    '',
    ':',
    '"',
    'a\\b',
    '{"a":1,"a":2}',
    'é',
  )
  const { value } = fc.letrec<{ value: string; object: string }>((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, fc.constantFrom('1', 'null', '":"', '"a"', '[]', '{}'), tie('object')),
    object: fc
      .tuple(fc.uniqueArray(names), fc.array(tie('value'), { minLength: 12, maxLength: 12 }), fc.boolean())
      .map(([own, values, isList]) => {
        const members = own.map((name, i) => `${JSON.stringify(name)} : ${values[i]}`)
        return isList ? `[${values.slice(0, 2)}, {${members}}]` : `{${members}}`
      }),
  }))
  fc.assert(
    fc.property(value, names, fc.boolean(), (text, name, isEscaped) => {
      expect(parseUnambiguous(text)).toEqual(JSON.parse(text))
      const again = isEscaped ? JSON.stringify(name).replace('a', '\\u0061') : JSON.stringify(name)
      const twice = `{"z":${text}, ${JSON.stringify(name)}:${text},${again}:1}`
      expect(repeatedIn(`[${twice}]`)).toBe(name)
    }),
    { seed: 20261129, numRuns: 300 },
  )
})

it('does not show the text in its errors', () => {
  for (const text of ['secret', '{"key": secret}', '"secret', `${' '.repeat(100)}secret`])
    expect(() => parseJson(text)).toThrow(/^it is not JSON$/)
})

it('reads bytes without their byte order mark', () => {
  for (const text of ['', '{}', '"\uFEFF"', 'é'])
    for (const mark of ['', '\uFEFF']) expect(textOf(Buffer.from(mark + text))).toBe(text)
})
