import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { writeInOtherThreads, writeInThisThread } from '../../../test/support/same-thread.ts'
import { openStore } from './index.ts'

/** An empty store, and the thread that has its database. */
async function open() {
  const dataDir = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  const threads: Worker[] = []
  const made = (message: unknown) => threads.push((message as { worker: Worker }).worker)
  writeInOtherThreads()
  onTestFinished(writeInThisThread)
  subscribe('worker_threads', made)
  const store = await openStore({ is: 'sqlite', dataDir })
  unsubscribe('worker_threads', made)
  onTestFinished(async () => {
    await store.close()
    rmSync(dataDir, { recursive: true })
  })
  const [thread] = threads
  if (!thread) throw new Error('there is no thread')
  return { store, thread }
}

const organisations = async ({ db }: Awaited<ReturnType<typeof open>>['store']) =>
  (await db.selectFrom('organizations').select('id').where('id', '>', 1).execute()).map(({ id }) => id)

/** Some tenths of a second. */
const SLOW = sql<{ rows: number }>`
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000) SELECT count(*) AS rows FROM n`

it('leaves the event loop to others while a statement runs', async () => {
  const { store } = await open()
  let isRunning = true
  const counted = SLOW.execute(store.db).finally(() => {
    isRunning = false
  })
  let turns = 0
  for (; isRunning; turns++) await new Promise((resolve) => setImmediate(resolve))
  expect((await counted).rows).toEqual([{ rows: 1_000_000 }])
  expect(turns).toBeGreaterThan(100)
})

it('takes a transaction back at any statement that fails, and says why as the engine does', async () => {
  const { store } = await open()
  const add = (id: number, name: string, db = store.db) => db.insertInto('organizations').values({ id, name })
  const UNIQUE = { code: 'ERR_SQLITE_ERROR', errcode: 1555 }
  expect(await add(2, 'a').executeTakeFirst()).toMatchObject({ numInsertedOrUpdatedRows: 1n })
  const atOnce = store.db.transaction().execute((tx) => add(2, 'b', tx).execute())
  await expect(atOnce).rejects.toMatchObject({ ...UNIQUE, message: expect.stringContaining('organizations') })
  const later = store.db.transaction().execute(async (tx) => {
    await add(3, 'c', tx).execute()
    await add(2, 'b', tx).execute()
  })
  await expect(later).rejects.toMatchObject(UNIQUE)
  const neverBegun = store.db.transaction().execute(async () => {
    throw new Error('no')
  })
  await expect(neverBegun).rejects.toThrow(/^no$/)
  await store.db.transaction().execute(async () => {})
  await store.db.transaction().execute((tx) => add(4, 'd', tx).execute())
  expect(await organisations(store)).toEqual([2, 4])
})

it('takes a transaction back at a commit that fails, also when the next one waits already', async () => {
  const { store } = await open()
  const orphaned = store.db.transaction().execute(async (tx) => {
    await sql`PRAGMA defer_foreign_keys = ON`.execute(tx)
    await tx
      .insertInto('connectors')
      .values({
        id: 'c1',
        org_id: 99,
        type: 'DV360',
        status: 'connected',
        metadata: '{}',
        concurrency: 4,
        created_at: '2026-11-01',
        updated_at: '2026-11-01',
      })
      .execute()
  })
  const next = store.db
    .transaction()
    .execute((tx) => tx.insertInto('organizations').values({ id: 2, name: 'a' }).execute())
  await expect(orphaned).rejects.toThrow('FOREIGN KEY')
  await next
  expect(await organisations(store)).toEqual([2])
  expect(await store.db.selectFrom('connectors').select('id').execute()).toEqual([])
})

it('writes nothing for a transaction that the engine has ended', async () => {
  const { store } = await open()
  const ended = store.db.transaction().execute(async (tx) => {
    await sql`ROLLBACK`.execute(tx)
    await tx.insertInto('organizations').values({ id: 2, name: 'a' }).execute()
  })
  await expect(ended).rejects.toThrow('the transaction has ended already')
  expect(await organisations(store)).toEqual([])
})

it('lets no other statement into a transaction', async () => {
  const { store } = await open()
  const seen = await Promise.all([
    store.db.transaction().execute(async (tx) => {
      await tx.insertInto('organizations').values({ id: 2, name: 'a' }).execute()
      await SLOW.execute(tx)
      await tx.deleteFrom('organizations').where('id', '=', 2).execute()
    }),
    organisations(store),
  ])
  expect(seen[1]).toEqual([])
})

it('stores nothing that the engine does not know', async () => {
  const { store } = await open()
  await expect(sql`SELECT ${new Date(0)}`.execute(store.db)).rejects.toThrow('a object cannot be stored')
})

it('says that the database is away when its thread has died, and heals', async () => {
  const { store, thread } = await open()
  await store.db.insertInto('organizations').values({ id: 2, name: 'a' }).execute()
  const pending = expect(SLOW.execute(store.db)).rejects.toMatchObject({
    code: 'connector_store_unavailable',
  })
  await thread.terminate()
  await pending
  await expect(organisations(store)).rejects.toMatchObject({ code: 'connector_store_unavailable' })
  expect(store.state).toMatchObject({ is: 'away', detail: expect.stringContaining('thread') })
  await store.probe()
  expect(store.state).toEqual({ is: 'open' })
  expect(await organisations(store)).toEqual([2])
})

it('ends its thread with the store', async () => {
  const { store, thread } = await open()
  const ended = once(thread, 'exit')
  await store.close()
  expect(await ended).toEqual([0])
})

it('waits for the disk in every commit but those that may be lost with the power', async () => {
  const { store } = await open()
  const setting = async (db = store.db) =>
    (await sql<{ synchronous: number }>`PRAGMA synchronous`.execute(db)).rows[0]?.synchronous
  const [NORMAL, FULL] = [1, 2]
  const add = (id: number, db = store.db) =>
    db.insertInto('organizations').values({ id, name: 'a' }).execute()
  expect(await store.db.transaction().execute(setting)).toBe(FULL)
  expect(await store.loosely((db) => db.transaction().execute(setting))).toBe(NORMAL)
  expect(await setting()).toBe(FULL)
  const taken = store.loosely((db) =>
    db.transaction().execute(async (tx) => {
      await add(2, tx)
      await add(2, tx)
    }),
  )
  // Sent before the failure is known.
  const next = store.db.transaction().execute(setting)
  await expect(taken).rejects.toThrow('organizations')
  expect(await next).toBe(FULL)
  await store.loosely((db) => db.transaction().execute((tx) => add(3, tx)))
  expect(await setting()).toBe(FULL)
  expect(await organisations(store)).toEqual([3])
})
