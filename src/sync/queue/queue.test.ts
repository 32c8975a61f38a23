import { randomUUID } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { onBothEngines, type Stores } from '../../../test/support/stores.ts'
import { isoTime } from '../../time/clock.ts'
import type { Store } from '../store/index.ts'
import {
  type ClaimOptions,
  cancel,
  claim,
  complete,
  enqueue,
  giveBack,
  type Job,
  LeaseLost,
  type NewRequest,
  park,
  QUEUE_PRIORITIES,
  type QueuePriority,
  release,
  remember,
  waitingOf,
} from './index.ts'

const { premium, manual, backfill } = QUEUE_PRIORITIES
const LEASE_MS = 60_000

/** A store with an organisation, and the verbs of the queue on it. */
async function start(stores: Stores) {
  const clock = new FakeClock()
  const store = await stores.open()
  onTestFinished(() => store.close())
  await store.db.insertInto('organizations').values({ id: 1, name: 'one' }).execute()

  return {
    clock,
    store,
    async connector(concurrency = 1, org_id = 1): Promise<string> {
      const id = randomUUID()
      const now = isoTime(clock.nowMs())
      const row = { id, org_id, type: 'DV360', status: 'connected', metadata: '{}', concurrency } as const
      await store.db
        .insertInto('connectors')
        .values({ ...row, created_at: now, updated_at: now })
        .execute()
      return id
    },
    ask: (connectorId: string, wanted: Partial<NewRequest> = {}, on: Store = store) =>
      enqueue(on, clock, {
        connectorId,
        orgId: 1,
        reportType: 'performance',
        range: { start: '2026-11-01', end: '2026-11-07' },
        fields: ['clicks'],
        priority: manual,
        syncJobId: undefined,
        maxDays: undefined,
        fresh: false,
        ...wanted,
      }),
    take: (limit = 10, owner = 'me', on: Store = store, more: Partial<ClaimOptions> = {}) =>
      claim(on, clock, {
        owner,
        limit,
        leaseMs: LEASE_MS,
        perOrganisation: limit,
        running: new Map(),
        suspects: false,
        ...more,
      }),
    finish: (job: Job, executionTimeMs = 1000) =>
      store.db
        .transaction()
        .execute((tx) => complete(tx, clock, job, { records: 0, calls: 1, executionTimeMs, requests: [] })),
  }
}

/** Ranges that do not overlap, so that nothing is merged. */
const week = (n: number) => {
  const day = (offset: number) => isoTime(Date.UTC(2026, 0, 1 + n * 7 + offset)).slice(0, 10)
  return { start: day(0), end: day(6) }
}

onBothEngines((stores) => {
  describe('the queue', () => {
    it('takes premium before manual before backfill, and within one in the order they came', async () => {
      const { clock, connector, ask, take, finish } = await start(stores)
      const id = await connector()
      const order: QueuePriority[] = [backfill, manual, premium, manual]
      const jobs: string[] = []
      for (const [n, priority] of order.entries()) {
        jobs.push((await ask(id, { range: week(n), priority })).jobId)
        clock.advance(1)
      }
      const taken: string[] = []
      for (let [job] = await take(1); job; [job] = await take(1)) {
        taken.push(job.id)
        await finish(job)
      }
      expect(taken).toEqual([jobs[2], jobs[1], jobs[3], jobs[0]])
    })

    it('lets a job that waited long enough pass a fresh one of a higher priority', async () => {
      const { clock, connector, ask, take } = await start(stores)
      const id = await connector()
      const old = await ask(id, { range: week(0), priority: backfill })
      clock.advance(41 * 60_000)
      await ask(id, { range: week(1), priority: premium })
      expect((await take(1))[0]?.id).toBe(old.jobId)
    })

    it('merges no more requests than can name each other', async () => {
      const { connector, ask } = await start(stores)
      const id = await connector()
      const jobs: string[] = []
      for (let n = 0; n < 51; n++) jobs.push((await ask(id)).jobId)
      expect(new Set(jobs.slice(0, 50)).size).toBe(1)
      expect(jobs[50]).not.toBe(jobs[0])
    })

    it('leaves places to other organisations, however much one asks for', async () => {
      const { store, connector, ask, take } = await start(stores)
      await store.db.insertInto('organizations').values({ id: 2, name: 'two' }).execute()
      for (let n = 0; n < 5; n++) await ask(await connector(2))
      const other = await connector(1, 2)
      await ask(other)
      const some = { perOrganisation: 3 }
      const first = await take(10, 'me', store, some)
      expect(first.map(({ org_id }) => org_id).toSorted()).toEqual([1, 1, 1, 2])
      const running = new Map([
        [1, 2],
        [2, 1],
      ])
      expect((await take(10, 'me', store, { ...some, running })).map(({ org_id }) => org_id)).toEqual([1])
      expect(await take(10, 'me', store, { ...some, running: new Map([[1, 3]]) })).toEqual([])
    })

    it('counts every worker that was lost with a job, before another takes it', async () => {
      const { clock, store, connector, ask, take } = await start(stores)
      await ask(await connector())
      const [job] = await take()
      expect(job?.deaths).toBe(0)
      clock.advance(LEASE_MS + 1)
      await release(store, clock)
      expect(await take()).toEqual([])
      const [again] = await take(10, 'me', store, { suspects: true })
      expect(again).toMatchObject({ id: job?.id, deaths: 1 })
      // A worker that lives after all, and gives the job back, was no death.
      clock.advance(LEASE_MS + 1)
      await release(store, clock)
      if (again) await giveBack(store, again)
      expect((await take(10, 'me', store, { suspects: true }))[0]).toMatchObject({ deaths: 1 })
    })

    it('merges requests that overlap within five minutes into the union of dates and fields', async () => {
      const { clock, connector, ask, take } = await start(stores)
      const id = await connector()
      const first = await ask(id)
      clock.advance(299_000)
      const second = await ask(id, { range: { start: '2026-11-07', end: '2026-11-09' }, fields: ['cost'] })
      expect(second).toMatchObject({ jobId: first.jobId, batchedWith: [first.requestId] })
      const [job, ...others] = await take()
      expect(others).toEqual([])
      expect(JSON.parse(job?.fields ?? '')).toEqual(['clicks', 'cost'])
      expect(job).toMatchObject({
        range_start: '2026-11-01',
        range_end: '2026-11-09',
      })
    })

    it.each([
      ['six minutes later', 360_000, {}],
      ['for other dates', 0, { range: week(40) }],
      ['for another report', 0, { reportType: 'other' }],
      [
        'where the union is longer than the platform allows',
        0,
        { range: { start: '2026-11-07', end: '2026-11-20' }, maxDays: 14 },
      ],
    ])('does not merge %s', async (_, laterMs, wanted) => {
      const { clock, connector, ask } = await start(stores)
      const id = await connector()
      const first = await ask(id)
      clock.advance(laterMs)
      expect((await ask(id, wanted)).jobId).not.toBe(first.jobId)
    })

    it('joins a reading that has begun where it brings all that is asked for, and does not widen it', async () => {
      const { clock, connector, ask, take } = await start(stores)
      const id = await connector()
      const first = await ask(id)
      await take()
      const { jobId, requestId } = first
      const joined = await ask(id, { range: { start: '2026-11-02', end: '2026-11-07' } })
      expect(joined).toMatchObject({ jobId, status: 'running', batchedWith: [requestId] })
      for (const other of [
        { range: { start: '2026-11-02', end: '2026-11-08' } },
        { fields: ['clicks', 'cost'] },
        { fresh: true },
      ])
        expect((await ask(id, other)).jobId).not.toBe(jobId)
      clock.advance(300_000)
      expect((await ask(id)).jobId).not.toBe(jobId)
    })

    it('joins no reading during which a process has ended', async () => {
      const { clock, store, connector, ask, take } = await start(stores)
      const id = await connector()
      const first = await ask(id)
      await take()
      clock.advance(LEASE_MS + 1)
      await release(store, clock)
      expect((await ask(id)).jobId).not.toBe(first.jobId)
    })

    it('reads once where two processes are asked the same at the same time', async () => {
      const { store, connector, ask } = await start(stores)
      const id = await connector()
      const other = store.engine === 'postgres' ? await stores.reopen() : store
      if (other !== store) onTestFinished(() => other.close())
      const both = await Promise.all([ask(id), ask(id), ask(id, {}, other), ask(id, {}, other)])
      expect(new Set(both.map(({ jobId }) => jobId)).size).toBe(1)
    })

    it('shares nothing with another organisation, though it reads the same account', async () => {
      const { store, connector, ask } = await start(stores)
      await store.db.insertInto('organizations').values({ id: 2, name: 'two' }).execute()
      const first = await ask(await connector())
      const other = await ask(await connector(1, 2), { orgId: 2 })
      expect(other).toMatchObject({ status: 'queued', batchedWith: [], rowsReadAt: undefined })
      expect(other.jobId).not.toBe(first.jobId)
    })

    it('runs no more jobs of a connection at once than it may, while others go on', async () => {
      const { connector, ask, take } = await start(stores)
      const [narrow, wide] = [await connector(1), await connector(2)]
      for (const id of [narrow, wide]) for (const n of [0, 1, 2]) await ask(id, { range: week(n) })
      const taken = [...(await take()), ...(await take()), ...(await take())]
      const of = (id: string) => taken.filter(({ connector_id }) => connector_id === id).length
      expect([of(narrow), of(wide)]).toEqual([1, 2])
    })

    it('gives every job to exactly one of two processes that take at the same time', async () => {
      const { store, connector, ask, take } = await start(stores)
      const ids = await Promise.all(Array.from({ length: 20 }, () => connector(2)))
      for (const id of ids) for (const n of [0, 1]) await ask(id, { range: week(n) })
      const other = store.engine === 'postgres' ? await stores.reopen() : store
      if (other !== store) onTestFinished(() => other.close())
      const taken: string[] = []
      for (let round = 0; round < 20; round++) {
        const both = await Promise.all([take(3, 'me'), take(3, 'you', other)])
        taken.push(...both.flat().map(({ id }) => id))
      }
      expect(taken).toHaveLength(40)
      expect(new Set(taken).size).toBe(40)
    })

    it('runs the job of a dead worker again with what it remembered, and does not listen to the dead', async () => {
      const { clock, store, connector, ask, take, finish } = await start(stores)
      await ask(await connector())
      const [first] = await take()
      if (!first) throw new Error('nothing to take')
      await remember(store, first, '{"report":"r1"}')
      clock.advance(LEASE_MS + 1)
      await release(store, clock)
      const [again] = await take(10, 'another', store, { suspects: true })
      expect(again).toMatchObject({ id: first.id, memory: expect.stringContaining('r1') })
      await expect(finish(first)).rejects.toBeInstanceOf(LeaseLost)
      if (again) await finish(again)
    })

    it('goes on with a parked job in the process that keeps it, until that has died', async () => {
      const { clock, store, connector, ask, take } = await start(stores)
      await ask(await connector())
      const [job] = await take()
      if (!job) throw new Error('nothing to take')
      const parking = {
        owner: 'me',
        waitMs: 30_000,
        leaseMs: LEASE_MS,
        waitsFor: 'the platform',
        calls: 1,
        executionTimeMs: 5,
      }
      await park(store, clock, job, parking)
      expect(await take()).toEqual([])
      clock.advance(30_000)
      await release(store, clock)
      expect(await take(10, 'another')).toEqual([])
      clock.advance(LEASE_MS + 1)
      expect(await take(10, 'another')).toHaveLength(1)
    })

    it('begins no other job of a connection whose calls are limited, for a minute at most', async () => {
      const { clock, store, connector, ask, take } = await start(stores)
      const id = await connector(2)
      for (const day of ['01', '11', '21']) {
        const date = `2026-10-${day}`
        await ask(id, { range: { start: date, end: date } })
      }
      const [job] = await take(1)
      if (!job) throw new Error('nothing was taken')
      const parking = { owner: 'me', leaseMs: LEASE_MS, waitsFor: 'rate_limit', calls: 0, executionTimeMs: 5 }
      // A limiter gives a part of a millisecond too.
      await park(store, clock, job, { ...parking, waitMs: 3_600_000.25 })
      expect(await take()).toEqual([])
      clock.advance(59_999)
      expect(await take()).toEqual([])
      clock.advance(1)
      expect(await take()).toHaveLength(1)
    })

    it('cancels a job only when nobody else waits for it', async () => {
      const { clock, store, connector, ask, take } = await start(stores)
      const id = await connector()
      const [first, second] = [await ask(id), await ask(id)]
      expect(await cancel(store, clock, first.requestId, first.jobId)).toBe(true)
      expect(await cancel(store, clock, first.requestId, first.jobId)).toBe(false)
      const line = { total: 1, own: 1, places: [{ jobId: first.jobId, position: 1 }] }
      expect(await waitingOf(store, 1)).toEqual(line)
      await cancel(store, clock, second.requestId, second.jobId)
      expect(await take()).toEqual([])
    })

    it('counts requests: in all, an organisation’s, before each, and in the table', async () => {
      const { clock, store, connector, ask, take } = await start(stores)
      await store.db.insertInto('organizations').values({ id: 2, name: 'two' }).execute()
      const [mine, theirs] = [await connector(), await connector(1, 2)]
      const first = await ask(mine)
      clock.advance(1)
      const other = await ask(theirs, { orgId: 2 })
      await ask(theirs, { orgId: 2 })
      clock.advance(1)
      const last = await ask(mine, { range: week(30) })
      await ask(mine)
      const stored = async () =>
        (
          await store.db
            .selectFrom('connector_requests')
            .select(['job_id', 'queue_position'])
            .orderBy('created_at')
            .execute()
        ).map(({ job_id, queue_position }) => [job_id, queue_position])
      expect(await waitingOf(store, 1)).toEqual({
        total: 5,
        own: 3,
        places: [first, first, last].map(({ jobId }, n) => ({ jobId, position: n < 2 ? 1 : 5 })),
      })
      expect((await waitingOf(store, 2)).places.map(({ position }) => position)).toEqual([3, 3])
      expect(await stored()).toContainEqual([other.jobId, 2])
      await take(1)
      expect(await waitingOf(store, 1)).toMatchObject({ total: 3, own: 1 })
      expect(await stored()).toContainEqual([first.jobId, 0])
    })
  })

  describe('the store', () => {
    it('keeps what was committed over a restart', async () => {
      const { store, connector, ask } = await start(stores)
      const { requestId } = await ask(await connector())
      const again = await stores.reopen()
      onTestFinished(() => again.close())
      void store
      const found = await again.db
        .selectFrom('connector_requests')
        .select('id')
        .where('id', '=', requestId)
        .execute()
      expect(found).toEqual([{ id: requestId }])
    })

    it('undoes a transaction that fails', async () => {
      const { store, connector } = await start(stores)
      const id = await connector()
      const failing = store.db.transaction().execute(async (tx) => {
        await tx.updateTable('connectors').set({ status: 'error' }).where('id', '=', id).execute()
        throw new Error('half-way')
      })
      await expect(failing).rejects.toThrow('half-way')
      const { status } = await store.db
        .selectFrom('connectors')
        .select('status')
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      expect(status).toBe('connected')
    })
  })
})
