import { setImmediate as afterTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { firstInOrder, mapInSlices, Slices, turn, workInSlices } from './slices.ts'

it('lets one of many waiting tasks go on in each turn of the event loop', async () => {
  const turns: number[] = []
  let now = 0
  let isOver = false
  const count = async () => {
    for (; !isOver; now++) await afterTurn()
  }
  const work = async () => {
    for (let piece = 0; piece < 20; piece++) {
      await turn()
      turns.push(now)
    }
  }
  const counting = count()
  await Promise.all(Array.from({ length: 10 }, work))
  isOver = true
  await counting
  expect(turns).toHaveLength(200)
  expect(new Set(turns).size).toBe(200)
})

it('lets each go on in turn', async () => {
  const order: string[] = []
  const work = async (name: string) => {
    for (let piece = 0; piece < 3; piece++) {
      await turn()
      order.push(name)
    }
  }
  await Promise.all(['a', 'b', 'c'].map(work))
  expect(order.join('')).toBe('abcabcabc')
})

it('a slice begins after everything else had a turn, and is over when its time is', async () => {
  let nowMs = 0
  const slices = new Slices(() => nowMs)
  expect(slices.isOver).toBe(true)
  let hadTurn = false
  setImmediate(() => {
    hadTurn = true
  })
  await slices.next()
  expect([hadTurn, slices.isOver]).toEqual([true, false])
  nowMs += 5
  expect(slices.isOver).toBe(true)
})

it('does long work a slice at a time, each piece once and in order', async () => {
  let nowMs = 0
  let turns = 0
  let isOver = false
  const counting = (async () => {
    for (; !isOver; turns++) await afterTurn()
  })()
  const turnOf: number[] = []
  const make = (item: number, at: number) => {
    nowMs += 1
    turnOf.push(turns)
    return item * at
  }
  const made = await mapInSlices(Array(40).fill(2), make, new Slices(() => nowMs))
  isOver = true
  await counting
  expect(made).toEqual(Array.from({ length: 40 }, (_, i) => 2 * i))
  // Four pieces of a millisecond are a slice, and between two of them others have had a turn.
  expect(Map.groupBy(turnOf, (at) => at).size).toBe(10)
})

it('has no more of long work under way than it is told', async () => {
  let underWay = 0
  let most = 0
  const work = async (item: string, at: number) => {
    underWay += 1
    most = Math.max(most, underWay)
    for (let turns = 0; turns < 1 + (at % 3); turns++) await afterTurn()
    underWay -= 1
    return `${item}${at}`
  }
  const items = Array<string>(100).fill('x')
  expect(await workInSlices(items, 7, work)).toEqual(items.map((item, at) => `${item}${at}`))
  expect(most).toBe(7)
  expect(await workInSlices([], 7, work)).toEqual([])
})

it('the first in order are those of a sort', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string(), { maxLength: 3_000 }), fc.nat({ max: 50 }), async (all, count) => {
      expect(await firstInOrder(all, count)).toEqual(all.toSorted().slice(0, count))
    }),
    { numRuns: 20 },
  )
})
