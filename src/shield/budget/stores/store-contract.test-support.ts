import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { micros } from '../../../money.ts'
import type { LimitSpec } from '../protocol/limit-spec.ts'
import type {
  Bill,
  BudgetStore,
  Control,
  Granted,
  ScopeDefinition,
  SyncLine,
  SyncReply,
} from '../protocol/store.ts'

/** A store under test, with the time it lives in. */
export interface StoreFixture {
  readonly store: BudgetStore
  /** How long its leases last, in milliseconds. */
  readonly leaseMs: number
  /** Lets this many ms of the store's time pass. */
  pass(ms: number): Promise<void>
  /** Ends everything that belongs to it. */
  close(): Promise<void>
}

const WINDOW_MS = 900
const sliding = (max: number, windowMs = WINDOW_MS): LimitSpec => ({
  kind: 'sliding',
  windowMs,
  max: micros(max),
})
const lifetime = (max: number): LimitSpec => ({ kind: 'lifetime', max: micros(max) })

export const SCOPE = 'campaign:meta:123'

/** A line of a purse that reports nothing and asks for nothing, except for what `say` contains. */
export const line = (seq: number, say: Partial<SyncLine> = {}): SyncLine => ({
  scope: SCOPE,
  seq,
  spent: 0,
  overdrawn: 0,
  credits: [],
  giveBack: 0,
  want: 0,
  need: 0,
  longestHoldMs: 0,
  ...say,
})

/** The totals of a purse whose answered lines granted that much, of which nothing is spent or returned. */
const totals = (granted: number) => ({ granted, reported: 0, returned: 0, overdrawn: 0, forfeited: 0 })

/** What every budget store does, whatever it is made of. */
export function budgetStoreContract(name: string, open: () => Promise<StoreFixture>): void {
  describe(`${name} store`, () => {
    let fixture: StoreFixture
    let store: BudgetStore

    beforeEach(async () => {
      fixture = await open()
      store = fixture.store
    })
    afterEach(() => fixture.close())

    const define = async (limits: readonly LimitSpec[], say: Partial<ScopeDefinition> = {}) =>
      store.define({ scope: SCOPE, currency: 'USD', limits, by: 'configuration', ...say })
    const sync = async (owner: string, ...lines: SyncLine[]): Promise<SyncReply> => {
      const replies = await store.sync(owner, lines)
      return replies[0] ?? { is: 'stale' }
    }
    const granted = async (owner: string, one: SyncLine): Promise<Granted> => {
      const reply = await sync(owner, one)
      if (reply.is !== 'granted') throw new Error(`answered ${JSON.stringify(reply)}`)
      return reply
    }
    const bill = async (say: Partial<Bill>) =>
      (await store.bill([{ scope: SCOPE, owner: 'a', id: 'bid 1', amount: 10, ...say }]))[0]

    it('grants no more than the limit to however many owners ask at once', async () => {
      await define([sliding(1_000), lifetime(950)])
      const replies = await Promise.all(
        Array.from({ length: 20 }, (_, i) => granted(`owner ${i}`, line(1, { want: 400, need: 70 }))),
      )
      const total = replies.reduce((sum, reply) => sum + reply.granted, 0)
      expect(total).toBeLessThanOrEqual(950)
      expect(total).toBeGreaterThan(950 - 70)
    })

    it('gives what is needed before what is wanted, and the last of it to whoever needs it', async () => {
      await define([lifetime(100)])
      expect((await granted('a', line(1, { want: 1_000, need: 10 }))).granted).toBe(50)
      expect((await granted('b', line(1, { want: 1_000, need: 50 }))).granted).toBe(50)
      const { granted: none, standing } = await granted('b', line(2, { need: 1 }))
      expect({ none, available: standing.available, elsewhere: standing.elsewhere }).toEqual({
        none: 0,
        available: 0,
        elsewhere: 50,
      })
    })

    it('answers a line that is sent again with its first answer, and moves nothing', async () => {
      await define([lifetime(100)])
      const first = await granted('a', line(1, { need: 30 }))
      expect(await granted('a', line(1, { need: 30 }))).toEqual(first)
      const second = await granted('a', line(2, { spent: 20, giveBack: 5 }))
      expect(await granted('a', line(2, { spent: 20, giveBack: 5 }))).toEqual(second)
      expect(second.standing).toMatchObject({ available: 75, spentEver: 20 })
      expect((await granted('b', line(1))).standing).toMatchObject({ available: 75, elsewhere: 5 })
    })

    it('answers stale to an older line, and does not apply it', async () => {
      await define([lifetime(100)])
      await granted('a', line(1, { need: 30 }))
      await granted('a', line(2, { spent: 10 }))
      expect(await sync('a', line(1, { need: 30 }))).toEqual({ is: 'stale' })
      expect((await granted('b', line(1))).standing).toMatchObject({ available: 70, elsewhere: 20 })
    })

    it('does not know a scope that was never defined', async () => {
      expect(await sync('a', line(1, { need: 1 }))).toEqual({ is: 'unknown_scope' })
      expect(await bill({})).toEqual({ is: 'unknown_scope' })
    })

    it('answers several scopes in their order, each on its own', async () => {
      await define([lifetime(10)])
      await define([lifetime(20)], { scope: 'global' })
      const lines = ['global', SCOPE, 'none'].map((scope) => line(1, { scope, need: 20 }))
      const replies = await store.sync('a', lines)
      expect(replies.map((reply) => (reply.is === 'granted' ? reply.granted : reply.is))).toEqual([
        20,
        10,
        'unknown_scope',
      ])
    })

    it('counts spend until its window has passed, and not for ever', async () => {
      await define([sliding(100)])
      await granted('a', line(1, { need: 100 }))
      const reported = await granted('a', line(2, { spent: 100, need: 1 }))
      expect(reported.granted).toBe(0)
      expect(reported.standing.reliefInMs).toBeGreaterThan(0)
      expect(reported.standing.reliefInMs).toBeLessThanOrEqual(WINDOW_MS * (601 / 600) + 1)
      await fixture.pass(reported.standing.reliefInMs + 2)
      expect((await granted('a', line(3, { need: 100 }))).granted).toBe(100)
    })

    it('counts against a lifetime limit for ever', async () => {
      await define([lifetime(100)])
      await granted('a', line(1, { need: 100 }))
      const { granted: none, standing } = await granted('a', line(2, { spent: 60, giveBack: 40, need: 50 }))
      expect(none).toBe(40)
      expect(standing.reliefInMs).toBe(Number.POSITIVE_INFINITY)
    })

    it('counts against a day limit until the day ends', async () => {
      await define([{ kind: 'day', timezone: 'Asia/Kolkata', max: micros(100) }])
      await granted('a', line(1, { need: 100 }))
      const { granted: none, standing } = await granted('a', line(2, { spent: 100, need: 1 }))
      expect(none).toBe(0)
      expect(standing.reliefInMs).toBeGreaterThan(0)
      expect(standing.reliefInMs).toBeLessThanOrEqual(24 * 3_600_000 + 10_000)
    })

    it('lets everything pass where there is no limit', async () => {
      await define([])
      const { granted: all, standing } = await granted('a', line(1, { want: 500, need: 70 }))
      expect({ all, available: standing.available }).toEqual({
        all: 500,
        available: Number.POSITIVE_INFINITY,
      })
    })

    it('takes spend back that did not happen, from the window it was booked in', async () => {
      await define([sliding(100, 60_000), lifetime(100)])
      await granted('a', line(1, { need: 100 }))
      const { bookedAtMs } = await granted('a', line(2, { spent: 100 }))
      const credited = await granted('a', line(3, { credits: [{ amount: 30, bookedAtMs }], need: 100 }))
      expect(credited.granted).toBe(30)
      expect(credited.standing.limits.map(({ spent }) => spent)).toEqual([70, 70])
      expect(credited.standing.spentEver).toBe(70)
    })

    it('books spend beyond the grants, and calls overdraft what no limit had room for', async () => {
      await define([lifetime(100)])
      await granted('a', line(1, { need: 60 }))
      const covered = await granted('a', line(2, { overdrawn: 30 }))
      expect(covered.overdraft).toBe(0)
      const over = await granted('a', line(3, { spent: 60, overdrawn: 25 }))
      expect(over.overdraft).toBe(15)
      expect(over.standing).toMatchObject({ available: -15, spentEver: 115, overdraftEver: 15 })
    })

    it('keeps exact account of amounts beyond a trillion', async () => {
      const max = 8_999_999_999_999_999
      await define([lifetime(max)])
      expect((await granted('a', line(1, { need: max }))).granted).toBe(max)
      const { standing } = await granted('a', line(2, { spent: max - 2 }))
      expect(standing.spentEver).toBe(max - 2)
      expect(standing.limits).toEqual([
        { spec: lifetime(max), spent: max - 2, nextReliefMs: Number.POSITIVE_INFINITY },
      ])
    })

    describe('when an owner is gone', () => {
      it('holds its money until its last hold could be billed, and then counts it as spend', async () => {
        await define([sliding(100)])
        await granted('a', line(1, { need: 80, longestHoldMs: 300 }))
        await fixture.pass(fixture.leaseMs + 10)
        const held = (await granted('b', line(1, { need: 100 }))).standing
        expect(held).toMatchObject({ available: 0, spentEver: 0 })
        expect(held.forfeited.amount).toBe(80)
        expect(held.forfeited.bookedInMs).toBeLessThanOrEqual(300)
        await fixture.pass((held.forfeited.bookedInMs ?? 0) + 5)
        const booked = (await granted('b', line(2, { giveBack: 20, need: 1 }))).standing
        expect(booked).toMatchObject({ spentEver: 80, forfeited: { amount: 0 } })
        await fixture.pass(WINDOW_MS + 10)
        // All but the 1 that b still had when its own lease ended.
        expect((await granted('c', line(1, { need: 100 }))).granted).toBe(99)
      })

      it('tells it so when it comes back, and counts nothing twice', async () => {
        await define([lifetime(100)])
        await granted('a', line(1, { need: 80, longestHoldMs: 60_000 }))
        await fixture.pass(fixture.leaseMs + 10)
        const late = line(2, { spent: 50, overdrawn: 5, need: 10 })
        expect(await sync('a', late)).toMatchObject({ is: 'forfeited', overdraft: 0 })
        expect(await sync('a', late)).toMatchObject({ is: 'forfeited' })
        const again = await granted('a', line(3, { need: 100 }))
        expect(again.granted).toBe(15)
        expect(again.standing).toMatchObject({ spentEver: 5, forfeited: { amount: 80 } })
      })

      it('tells it so also when its first line is sent again', async () => {
        await define([lifetime(100)])
        const first = line(1, { need: 30 })
        await granted('a', first)
        await fixture.pass(fixture.leaseMs + 10)
        expect((await sync('a', first)).is).toBe('forfeited')
        expect((await granted('b', line(1))).standing).toMatchObject({ elsewhere: 0, available: 70 })
      })

      it('does not admit it again by a line that was late on its way', async () => {
        await define([lifetime(100)])
        for (const seq of [1, 2, 3])
          await granted('a', line(seq, { need: 10, totals: totals(10 * (seq - 1)) }))
        await fixture.pass(fixture.leaseMs + 10)
        expect(await sync('a', line(2, { need: 10, totals: totals(10) }))).toEqual({ is: 'stale' })
        expect((await sync('a', line(4, { need: 10, totals: totals(30) }))).is).toBe('forfeited')
      })

      it('tells it once more when it believed an older answer', async () => {
        await define([lifetime(100)])
        const first = line(1, { need: 80, longestHoldMs: 60_000, totals: totals(0) })
        await granted('a', first)
        await fixture.pass(fixture.leaseMs + 10)
        expect((await sync('a', first)).is).toBe('forfeited')
        // The answer to the first sending of that line, which granted 80, came in before.
        expect((await sync('a', line(2, { totals: totals(80) }))).is).toBe('forfeited')
        const { standing } = await granted('b', line(1, { need: 100 }))
        expect(standing).toMatchObject({ elsewhere: 0, available: 0, forfeited: { amount: 80 } })
      })

      it('counts nothing twice when it believed an older answer to a line with spend', async () => {
        await define([lifetime(100)])
        await granted('a', line(1, { need: 80, longestHoldMs: 60_000, totals: totals(0) }))
        const late = line(2, { spent: 30, overdrawn: 5, longestHoldMs: 60_000, totals: totals(80) })
        await granted('a', late)
        await fixture.pass(fixture.leaseMs + 10)
        expect((await sync('a', late)).is).toBe('forfeited')
        const known = { ...totals(80), reported: 30, overdrawn: 5 }
        expect((await sync('a', line(3, { totals: known }))).is).toBe('forfeited')
        const { standing } = await granted('b', line(1))
        expect(standing).toMatchObject({ spentEver: 35, available: 15, forfeited: { amount: 50 } })
      })

      it('books what it spent beyond its grants once, though that line is sent again after the lease', async () => {
        await define([lifetime(100)])
        await granted('a', line(1, { need: 10, totals: totals(0) }))
        const late = line(2, { overdrawn: 5, totals: totals(10) })
        await granted('a', late)
        await fixture.pass(fixture.leaseMs + 10)
        expect((await sync('a', late)).is).toBe('forfeited')
        expect((await granted('b', line(1))).standing.spentEver).toBe(15)
      })

      it('calls a bill overdraft where what it left behind has left the window', async () => {
        await define([sliding(100)])
        await granted('a', line(1, { need: 80 }))
        await fixture.pass(fixture.leaseMs + 10)
        await granted('b', line(1))
        await fixture.pass(2 * WINDOW_MS)
        expect((await granted('c', line(1, { need: 100 }))).granted).toBe(100)
        expect(await bill({ amount: 30 })).toEqual({ is: 'booked', amount: 30, overdraft: 30 })
      })

      it('takes a bill for its bids out of what it left behind, once', async () => {
        await define([lifetime(100)])
        await granted('a', line(1, { need: 80, longestHoldMs: 60_000 }))
        expect(await bill({ amount: 30 })).toEqual({ is: 'alive' })
        await fixture.pass(fixture.leaseMs + 10)
        expect(await bill({ amount: 30 })).toEqual({ is: 'booked', amount: 30, overdraft: 0 })
        expect(await bill({ amount: 30 })).toEqual({ is: 'already' })
        expect(await bill({ id: 'bid 2', amount: 90 })).toEqual({ is: 'booked', amount: 90, overdraft: 20 })
        const { standing } = await granted('b', line(1))
        expect(standing).toMatchObject({ spentEver: 120, overdraftEver: 20, forfeited: { amount: 0 } })
      })

      it('books only the part of a higher bill that is not booked yet', async () => {
        await define([lifetime(100)])
        await granted('a', line(1, { need: 100, longestHoldMs: 60_000 }))
        await fixture.pass(fixture.leaseMs + 10)
        expect(await bill({ amount: 10, known: 0 })).toEqual({ is: 'booked', amount: 10, overdraft: 0 })
        expect(await bill({ amount: 10, known: 0 })).toEqual({ is: 'already' })
        expect(await bill({ amount: 7, known: 0 })).toEqual({ is: 'already' })
        expect(await bill({ amount: 25, known: 0 })).toEqual({ is: 'booked', amount: 15, overdraft: 0 })
        expect(await bill({ amount: 40, known: 20 })).toEqual({ is: 'booked', amount: 15, overdraft: 0 })
        // What its owner has settled is in the books as well.
        expect(await bill({ id: 'bid 2', amount: 30, known: 30 })).toEqual({ is: 'already' })
        expect(await bill({ id: 'bid 2', amount: 32, known: 30 })).toEqual({
          is: 'booked',
          amount: 2,
          overdraft: 0,
        })
        expect(await bill({ id: 'bid 3', amount: 0, known: 0 })).toEqual({
          is: 'booked',
          amount: 0,
          overdraft: 0,
        })
        expect(await bill({ id: 'bid 3', amount: 0, known: 0 })).toEqual({ is: 'already' })
        expect(await bill({ id: 'bid 3', amount: 1, known: 0 })).toEqual({
          is: 'booked',
          amount: 1,
          overdraft: 0,
        })
      })

      it('books a later bill in place of the forfeit that was counted as spend', async () => {
        await define([lifetime(100)])
        await granted('a', line(1, { need: 80 }))
        await fixture.pass(fixture.leaseMs + 10)
        expect((await granted('b', line(1))).standing.spentEver).toBe(80)
        expect(await bill({ amount: 30 })).toEqual({ is: 'booked', amount: 30, overdraft: 0 })
        expect((await granted('b', line(2))).standing).toMatchObject({ spentEver: 80, available: 20 })
      })

      it('forfeits at once when it says that it leaves', async () => {
        await define([lifetime(100)])
        await granted('a', line(1, { need: 80, longestHoldMs: 60_000 }))
        await store.leave('a')
        expect((await granted('b', line(1))).standing.forfeited.amount).toBe(80)
        expect(await bill({ amount: 1 })).toEqual({ is: 'booked', amount: 1, overdraft: 0 })
      })
    })

    describe('a scope that is removed', () => {
      it('is gone from the control state, and is reported once as removed', async () => {
        const told: Control[] = []
        store.watch((control) => told.push(control))
        await define([lifetime(100)])
        await store.remove(SCOPE)
        expect((await store.control()).scopes).toEqual([])
        await expect
          .poll(() => told.flatMap(({ scopes }) => scopes).at(-1))
          .toMatchObject({
            scope: SCOPE,
            isRemoved: true,
          })
        await store.remove(SCOPE)
        await store.remove('none')
        expect((await store.control()).scopes).toEqual([])
      })

      it.each([lifetime(100), sliding(100)])(
        'gives no spent money back when it is defined again',
        async (limit) => {
          await define([limit])
          await granted('a', line(1, { need: 60 }))
          await store.remove(SCOPE)
          // The bid that is out is billed after its campaign is gone.
          await granted('a', line(2, { spent: 60 }))
          expect((await define([limit])).limits).toEqual([limit])
          expect((await granted('b', line(1, { need: 100 }))).granted).toBe(40)
          expect((await store.control()).scopes).toHaveLength(1)
        },
      )

      it('counts what an owner still has of it, also when the owner is gone', async () => {
        await define([lifetime(100)])
        await granted('a', line(1, { need: 60 }))
        await store.remove(SCOPE)
        await store.leave('a')
        await define([lifetime(100)])
        const { standing } = await granted('b', line(1))
        expect(standing.available).toBe(40)
      })

      it('is paused when it is defined again, if it was paused while removed', async () => {
        await define([lifetime(100)])
        await store.remove(SCOPE)
        await store.setPause(SCOPE, { is: 'paused', reason: 'a check' })
        expect((await store.control()).scopes).toEqual([])
        await define([lifetime(100)])
        expect((await store.control()).scopes).toMatchObject([{ pause: { is: 'paused' } }])
      })

      it('takes the limits and the pause of its next definition', async () => {
        await define([lifetime(100)], { by: 'operator' })
        await store.setPause(SCOPE, { is: 'paused', reason: 'a check' })
        await store.remove(SCOPE)
        expect(await define([lifetime(30)])).toMatchObject({ limits: [lifetime(30)], by: 'configuration' })
        expect((await store.control()).scopes).toMatchObject([{ pause: { is: 'running' } }])
      })
    })

    describe('what operators decide', () => {
      it('is in force at once when a limit is lowered below what is spent', async () => {
        await define([lifetime(100)])
        await granted('a', line(1, { need: 60 }))
        await granted('a', line(2, { spent: 60 }))
        await define([lifetime(50)])
        const { granted: none, standing } = await granted('a', line(3, { need: 1 }))
        expect({ none, available: standing.available }).toEqual({ none: 0, available: -10 })
      })

      it('never frees money by changing the window', async () => {
        await define([sliding(100, 60_000)])
        await granted('a', line(1, { need: 100 }))
        await granted('a', line(2, { spent: 70, giveBack: 30 }))
        await define([
          sliding(100, 120_000),
          lifetime(200),
          { kind: 'day', timezone: 'UTC', max: micros(90) },
        ])
        const { standing } = await granted('a', line(3))
        expect(standing.limits.map(({ spent }) => spent)).toEqual([70, 70, 70])
        expect(standing.available).toBe(20)
      })

      it('is not undone by the configuration of the next start', async () => {
        await define([lifetime(100)])
        const set = await define([lifetime(30)], { by: 'operator' })
        expect(await define([lifetime(100)])).toEqual(set)
        expect((await granted('a', line(1, { need: 100 }))).granted).toBe(30)
        expect((await define([lifetime(40)], { by: 'operator' })).limits).toEqual([lifetime(40)])
      })

      it('keeps the hold mode: strict unless an operator last set another one', async () => {
        const holdMode = { is: 'bounded', maxOverspendProbability: 1e-6 } as const
        const known = async () => (await store.control()).scopes[0]?.holdMode
        await define([lifetime(100)])
        expect(await known()).toBeUndefined()
        expect(await define([lifetime(100)], { by: 'operator', holdMode })).toMatchObject({ holdMode })
        expect(await known()).toEqual(holdMode)
        expect(await define([lifetime(100)])).toMatchObject({ holdMode })
        expect(await known()).toEqual(holdMode)
        expect((await define([lifetime(100)], { by: 'operator' })).holdMode).toBeUndefined()
        expect(await known()).toBeUndefined()
      })

      it('keeps the currency a scope began with', async () => {
        await define([lifetime(100)])
        expect(await define([lifetime(7)], { currency: 'EUR' })).toMatchObject({
          currency: 'USD',
          limits: [lifetime(100)],
        })
      })

      it('is told to all who watch, and kept', async () => {
        const told: Control[] = []
        const stop = store.watch((control) => told.push(control))
        await define([lifetime(100)])
        await store.setPause(SCOPE, { is: 'paused', reason: 'a check' })
        await store.setPause('none', { is: 'paused', reason: 'not there' })
        await store.setKillSwitch({ is: 'engaged', reason: 'stop', sinceMs: 5 })
        const control = await store.control()
        expect(control.killSwitch).toEqual({ is: 'engaged', reason: 'stop', sinceMs: 5 })
        expect(control.scopes).toEqual([
          {
            scope: SCOPE,
            currency: 'USD',
            limits: [lifetime(100)],
            by: 'configuration',
            pause: { is: 'paused', reason: 'a check' },
          },
        ])
        // Each report has the scopes that changed, and always the kill switch.
        const scopes = () => new Map(told.flatMap((one) => one.scopes.map((scope) => [scope.scope, scope])))
        await expect.poll(() => ({ ...told.at(-1), scopes: [...scopes().values()] })).toEqual(control)
        expect((await store.control([SCOPE, 'none'])).scopes).toEqual(control.scopes)
        expect((await store.control([])).scopes).toEqual([])
        const versions = told.map(({ version }) => version)
        expect(versions).toEqual(versions.toSorted((a, b) => a - b))
        stop()
        const before = told.length
        await store.setKillSwitch({ is: 'released' })
        expect((await store.control()).killSwitch).toEqual({ is: 'released' })
        expect(told.length).toBe(before)
      })
    })
  })
}
