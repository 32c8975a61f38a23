import { describe, expect, it } from 'vitest'
import { bounded, boundedValues, differences } from './differences.ts'

const long = (word: string, times = 3_000) => word.repeat(times)
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value))
const names = (count: number) => Array.from({ length: count }, (_, i) => `site-${i}.example`)

describe('differences', () => {
  it('are the members that differ, whole where they are short', () => {
    const before = { price: { min: 1, max: 2 }, name: 'a', gone: true, same: long('x') }
    const after = { price: { min: 1, max: 3 }, name: 'a', come: null, same: long('x') }
    expect(differences(before, after)).toEqual({
      from: { price: { min: 1, max: 2 }, gone: true },
      to: { price: { min: 1, max: 3 }, come: null },
    })
    expect(differences(before, before)).toEqual({ from: {}, to: {} })
  })

  it('are followed to what differs in a long member, by the ids of its entries', () => {
    const creative = (id: string, more: object = {}) => ({ id, markup: `${id} ${long('ab')} end`, ...more })
    const [a, b, c] = [creative('a'), creative('b'), creative('c')]
    const changed = { ...b, markup: b.markup.replace(' end', ' https://new.example end'), secure: true }
    expect(differences({ creatives: [a, b, c] }, { creatives: [a, changed] })).toEqual({
      from: {
        'creatives.b.markup': { part: '…bababababababab end', bytes: bytesOf(b.markup) - 2 },
        'creatives.c': { part: expect.stringMatching(/^\{"id":"c","markup":"c abab.*…$/), bytes: bytesOf(c) },
      },
      to: {
        'creatives.b.markup': {
          part: '…bababababababab https://new.example end',
          bytes: bytesOf(changed.markup) - 2,
        },
        'creatives.b.secure': true,
      },
    })
  })

  it('of lists are the entries that the other has not, or where the order is another', () => {
    const list = names(1_000)
    const other = ['first.example', ...list.slice(0, 400), ...list.slice(401), 'last.example']
    expect(differences({ allow: list }, { allow: other })).toEqual({
      from: { 'allow[…]': ['site-400.example'] },
      to: { 'allow[…]': ['first.example', 'last.example'] },
    })
    const turned = [...list]
    turned.splice(500, 2, 'site-501.example', 'site-500.example')
    expect(differences({ allow: list }, { allow: turned })).toEqual({
      from: { 'allow[…]': ['site-500.example', 'site-501.example'] },
      to: { 'allow[…]': ['site-501.example', 'site-500.example'] },
    })
  })

  it('are bounded, however many and long they are', () => {
    const many = (word: string) =>
      Object.fromEntries(names(1_000).map((name) => [`${name}.${long('n', 300)}`, long(word, 100)]))
    const emoji = { text: long('😀'), id: '__proto__' }
    for (const [from, to] of [
      [many('a'), many('b')],
      [{ deep: many('a') }, { deep: many('ü') }],
      [{ list: names(100_000) }, { list: names(100_000).reverse() }],
      [{ x: [emoji] }, { x: [{ ...emoji, text: `${emoji.text}x` }] }],
      [undefined, many('a')],
    ] as const) {
      const made = differences(from, to)
      expect(bytesOf(made.from ?? {})).toBeLessThan(2_048)
      expect(bytesOf(made.to ?? {})).toBeLessThan(2_048)
      expect(Object.keys(made.to ?? {})).not.toEqual([])
      expect(JSON.stringify(made)).not.toMatch(/\\ud/i)
    }
    expect(differences(many('a'), many('b')).from).toHaveProperty(['…'], expect.stringMatching(/^\d+ more$/))
  })
})

it('of a long value its first part and length are kept, and of two that differ where they do', () => {
  expect(bounded({ a: 1 })).toEqual({ a: 1 })
  expect(bounded([long('x')])).toEqual({ part: `["${long('x', 1_022)}…`, bytes: 3_004 })
  const [from, to] = [long('x'), long('y')].map((text, limit) => ({ text, limit }))
  expect(boundedValues({ from, to })).toMatchObject({ from: { limit: 0 }, to: { limit: 1 } })
  expect(boundedValues({ to: { a: 1 } })).toEqual({ to: { a: 1 } })
  expect(boundedValues()).toEqual({})
})
