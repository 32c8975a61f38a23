import { expect, it } from 'vitest'
import { JsonTooDeep, MAX_JSON_DEPTH, parseJson, textOf } from './json.ts'

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

it('does not show the text in its errors', () => {
  for (const text of ['secret', '{"key": secret}', '"secret', `${' '.repeat(100)}secret`])
    expect(() => parseJson(text)).toThrow(/^it is not JSON$/)
})

it('reads bytes without their byte order mark', () => {
  for (const text of ['', '{}', '"\uFEFF"', 'é'])
    for (const mark of ['', '\uFEFF']) expect(textOf(Buffer.from(mark + text))).toBe(text)
})
