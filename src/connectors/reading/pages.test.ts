import { expect, it } from 'vitest'
import { Caveats } from '../platform/caveats.ts'
import { Pages } from './pages.ts'

const page = (n: number) => [{ id: `${n}a` }, { id: `${n}b` }]
/** Number of pages that are read. */
function turned(pages: Pages, pageOf: (n: number) => readonly unknown[]): number {
  for (let n = 0; n < 50; n++) if (!pages.goOn(pageOf(n))) return n + 1
  return 50
}

it('reads every page that brings something new', () => {
  const caveats = new Caveats()
  expect(turned(new Pages(caveats), page)).toBe(50)
  expect(turned(new Pages(caveats), (n) => (n % 3 === 0 ? page(n) : []))).toBe(50)
  expect(caveats.texts).toEqual([])
})

it.each([
  ['empty', () => [], 3],
  ['the same', () => page(1), 4],
  ['the same ones in turn', (n: number) => page(n % 5), 8],
])('stops reading a list whose pages are %s, and says so', (_, pageOf, pages) => {
  const caveats = new Caveats()
  expect(turned(new Pages(caveats), pageOf)).toBe(pages)
  expect(caveats.texts).toEqual([expect.stringContaining('3 in a row brought nothing new')])
  expect(caveats).toMatchObject({ isPartial: true, hasLeftOut: false })
  const again = new Caveats()
  again.state = caveats.state
  expect(again.isPartial).toBe(true)
})

it('refuses an endless list that has to be read whole', () => {
  expect(() => turned(new Pages(), () => [])).toThrow('brought nothing new')
})
