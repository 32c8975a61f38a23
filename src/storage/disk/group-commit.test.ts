import { expect, it } from 'vitest'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import type { WriteOutcome } from './disk-thread.ts'
import { GroupCommit } from './group-commit.ts'

const WRITTEN: WriteOutcome = { is: 'written' }
const STUCK = 'the disk has not answered for 2 s'

/** A disk on which the test decides when and how each write ends. */
function slowDisk() {
  const clock = new FakeClock()
  const writes: { entries: readonly string[]; end: (outcome: WriteOutcome) => void }[] = []
  const reopened: (readonly string[])[] = []
  const commits = new GroupCommit<string>(
    {
      write: (entries) => new Promise((resolve) => writes.push({ entries: [...entries], end: resolve })),
      close: async () => undefined,
    },
    {
      clock,
      refusal: (detail) => new Error(detail),
      reopen: async (refused) => void reopened.push([...refused]),
    },
  )
  /** Lets all callbacks run that are ready. */
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  return {
    clock,
    commits,
    reopened,
    written: () => writes.map(({ entries }) => entries.join(' ')),
    async end(outcome: WriteOutcome) {
      writes.at(-1)?.end(outcome)
      await turn()
    },
    turn,
  }
}

/** A disk with a write that does not end, and entries that come meanwhile; all of them are refused. */
async function stuck() {
  const disk = slowDisk()
  const { commits, clock, turn } = disk
  const [first] = [commits.append(['a'])]
  await turn()
  const second = commits.append(['b'])
  const told = Promise.allSettled([first, second])
  clock.advance(2_000)
  expect(await told).toMatchObject([{ reason: { message: STUCK } }, { reason: { message: STUCK } }])
  await expect(commits.append(['c'])).rejects.toThrow(STUCK)
  return disk
}

it('stops waiting for a write that does not end, and says so', async () => {
  const { commits, written } = await stuck()
  expect(commits.state).toEqual({ is: 'stuck', detail: STUCK })
  expect(() => commits.assertOpen()).toThrow(STUCK)
  await expect(commits.flushed()).rejects.toThrow(STUCK)
  expect(written()).toEqual(['a'])
})

it('writes what was refused meanwhile, in its order and once, when that write has ended', async () => {
  const { commits, written, end } = await stuck()
  await end(WRITTEN)
  expect(written()).toEqual(['a', 'b c'])
  expect(commits.state.is).toBe('stuck')
  await end(WRITTEN)
  expect(commits.state.is).toBe('open')
  const next = commits.append(['d'])
  await end(WRITTEN)
  await end(WRITTEN)
  await next
  expect(written()).toEqual(['a', 'b c', 'd'])
})

it('writes the entries of that write again, before all later ones, if it fails', async () => {
  const { commits, written, end, clock, turn } = await stuck()
  await end({ is: 'full', detail: 'the disk is full' })
  expect(commits.state).toMatchObject({ is: 'full' })
  clock.advance(1_000)
  await turn()
  expect(written()).toEqual(['a', 'a b c'])
  await end(WRITTEN)
  expect(commits.state.is).toBe('open')
})

it('gives all refused entries to `reopen` if it is unknown what that write has done', async () => {
  const { commits, written, reopened, end, clock, turn } = await stuck()
  await end({ is: 'broken', detail: 'an I/O error' })
  clock.advance(1_000)
  await turn()
  expect(reopened).toEqual([['a', 'b', 'c']])
  await end(WRITTEN)
  expect(written()).toEqual(['a', 'a b c'])
  expect(commits.state.is).toBe('open')
})
