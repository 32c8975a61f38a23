import { z } from '@hono/zod-openapi'
import { expect, it } from 'vitest'
import { listOf } from './list-of.ts'

const Entry = z.strictObject({ size: z.int().min(1) })
const ok = (count: number) => Array.from({ length: count }, () => ({ size: 1 }))

it('accepts and refuses what a plain list does', () => {
  const plain = z.object({ list: z.array(Entry).min(1).max(200) })
  const list = z.object({ list: listOf(Entry, 200, 1) })
  for (const value of [ok(1), ok(200), ok(201), [], 'x', undefined, null, [{ size: 1 }, { size: 0 }]]) {
    const [expected, got] = [plain, list].map((schema) => schema.safeParse({ list: value }))
    expect(got?.data).toEqual(expected?.data)
    expect(got?.error?.issues[0]).toEqual(expected?.error?.issues[0])
  }
})

it('names the first entry that is wrong, and looks no further', () => {
  let looked = 0
  const counted = Entry.refine(() => {
    looked += 1
    return true
  })
  const list = listOf(counted, 100_000)
  const { error } = list.safeParse([...ok(170), { size: 'x' }, ...ok(50_000), { size: 0 }])
  expect(error?.issues).toMatchObject([{ path: [170, 'size'] }])
  expect(looked).toBeLessThan(300)
})
