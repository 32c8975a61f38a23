import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFuzz } from '../../test/fuzz/mutate.ts'
import { seedOr } from '../../test/support/seed.ts'
import { seededRandom } from '../../test/support/seeded-random.ts'
import { turn } from '../time/slices.ts'
import { parseUnambiguous } from './json.ts'
import { parseLongJson, TooManyValues } from './long-json.ts'

const outcome = async (parse: (text: string) => unknown, text: string) => {
  try {
    return { value: JSON.stringify(await parse(text)) }
  } catch (error) {
    return { error: error instanceof Error ? error.name : error }
  }
}
/** Both refuse what is no JSON or has a name twice, and of what is too much only the one that looks for it. */
const agree = async (text: string, or?: string) => {
  const { value, error } = await outcome(parseLongJson, text)
  if (or !== undefined && error === or) return
  expect({ value, error }).toEqual({
    value: undefined,
    error: undefined,
    ...(await outcome(parseUnambiguous, text)),
  })
}

/** Long enough to be cut. */
const rows = (count: number, make: (i: number) => unknown) =>
  JSON.stringify({ a: 1, rows: Array.from({ length: count }, (_, i) => make(i)), z: { rows: [1] } })
const LONG = rows(3_000, (i) => ({ id: `ü"\\${i}`, list: [i, [], {}, null], of: { a: -1e-3 } }))

describe('long JSON', () => {
  it('is read as it is in one go', async () => {
    expect(LONG.length).toBeGreaterThan(100_000)
    await agree(LONG)
    await agree(rows(30_000, () => []))
    await agree(`[[${'1,'.repeat(3_000)}2],${'[1],'.repeat(15_000)}[]]`)
    await agree(`{"rows":[${' '.repeat(70_000)}],"more":[1,2]}`)
    await agree(`{"__proto__":[1],"rows":[${'{"__proto__":[]},'.repeat(9_000)}1]}`)
    await agree(`"${'x'.repeat(100_000)}"`)
  })

  it.each([
    ['a comma at the end of a list', (text: string) => text.replace(/\](?=,"z")/, ',]')],
    ['a comma after a piece that ends the list', () => `{"rows":[${'"long",'.repeat(20_000)}]}`],
    ['nothing before a comma', () => `{"rows":[${' '.repeat(70_000)},1]}`],
    ['a list that ends as an object', (text: string) => text.replace(/\](?=,"z")/, '}')],
    ['an item that ends as a list', (text: string) => text.replace('}},', '}],')],
    ['too many ends', (text: string) => text.replace(/\](?=,"z")/, ']]')],
    ['an end that is missing', (text: string) => text.slice(0, -2)],
    ['a string without an end', (text: string) => `${text}"`],
    ['something after it', (text: string) => `${text}{}`],
    ['a name without a value', (text: string) => text.replace('"a":1', '"a":')],
    ['a name twice in an item', (text: string) => text.replaceAll('"of":{', '"of":{"a":1,')],
    ['a name twice in what surrounds the lists', (text: string) => text.replace('"z"', '"a"')],
    ['a list twice', (text: string) => text.replace('"z":', '"rows":[1],"z":')],
    ['a name twice behind a list', (text: string) => text.replace('"z":{', '"z":{"rows":1,')],
    ['a level too many', (text: string) => text.replace('[],{}', `${'['.repeat(90)}${']'.repeat(90)},{}`)],
  ])('is refused with %s, as in one go', async (_what, spoil) => {
    const spoiled = spoil(LONG)
    expect(spoiled).not.toBe(LONG)
    expect(await outcome(parseUnambiguous, spoiled)).toHaveProperty('error')
    await agree(spoiled)
  })

  it('is read or refused as it is in one go, whatever is changed in it', async () => {
    const seed = seedOr(20261123)
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (n) => {
        const { mutated, below } = createFuzz(seededRandom(n))
        const from = below(60_000)
        // The middle is where pieces are cut.
        await agree(
          LONG.slice(0, from) + mutated(LONG.slice(from, from + 600)) + LONG.slice(from + 600),
          'TooManyValues',
        )
      }),
      { numRuns: 60, seed },
    )
  })

  it('is refused where one place has more values than can be built at once', async () => {
    const hollow = (count: number) => `[${Array(count).fill('[]').join(',')}]`
    for (const text of [
      `{"rows":[${hollow(60_000)}]}`,
      `{"rows":{"a":${hollow(60_000)}}}`,
      `{"rows":[{${Array.from({ length: 30_000 }, (_, i) => `"${i}":1`).join(',')}}]}`,
      hollow(60_000),
      `{"rows":${hollow(150_000)}}`,
    ])
      await expect(parseLongJson(text)).rejects.toThrow(TooManyValues)
  })

  it('lets the event loop go on while it is read', async () => {
    const order: string[] = []
    const reading = parseLongJson(LONG).then(() => order.push('read'))
    await turn()
    order.push('another')
    await reading
    expect(order).toEqual(['another', 'read'])
  })
})
