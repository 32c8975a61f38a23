import { Mutex } from 'async-mutex'
import { measure } from '../measure.ts'

// The usual guard of asynchronous code: a lock around a check and an addition on three counters. It forgets nothing
// (no window) and knows no holds.
const COUNT = 20_000
const mutex = new Mutex()
const spent = [0, 0, 0]
const MAX = Number.MAX_SAFE_INTEGER

const figure = await measure(
  'async-mutex around check and add, 3 counters, no window',
  COUNT,
  () => undefined,
  async (_, count) => {
    for (let i = 0; i < count; i++) {
      await mutex.runExclusive(() => {
        if (spent.some((sum) => sum + 1_500 > MAX)) return
        for (let at = 0; at < spent.length; at++) spent[at] = (spent[at] ?? 0) + 1_500
      })
    }
  },
)
process.send?.([figure])
