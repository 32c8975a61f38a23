import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { writeInOtherThreads, writeInThisThread } from '../../../test/support/same-thread.ts'
import { onBothEngines } from '../../../test/support/stores.ts'
import type { Row } from '../../connectors/platform/rows.ts'
import { isoTime } from '../../time/clock.ts'
import { countOfDownload, csvOf, ReportFiles, readRows, removeVanished, upsertRows } from './index.ts'

const SPEC = { dated: false, lookbackDays: 0, historyMonths: undefined, maxDays: undefined }

/** Rows as they are stored, a page each. */
async function* textsOf(...rows: Row[]): AsyncGenerator<string[]> {
  for (const row of rows) yield [JSON.stringify(row)]
}

async function* inBatches(...batches: Row[][]): AsyncGenerator<Row[]> {
  yield* batches
}

describe('a parquet file', () => {
  it('has every row, in the types its values have, and the caveats', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const rows: Row[] = [
      { date: '2026-11-01', clicks: 12, cost: 1.5, spend_micros: 4_000_000_000, on: true, id: 'a', mixed: 1 },
      {
        date: '2026-11-02',
        clicks: null,
        cost: 2,
        spend_micros: 1,
        on: false,
        id: 'ü',
        mixed: 'x',
        late: 'new',
      },
    ]
    const files = new ReportFiles()
    onTestFinished(() => files.close())
    const path = join(folder, 'a.parquet')
    const [one = {}, two = {}] = rows
    const written = await files.write({
      wanted: {
        spec: { ...SPEC, key: ['date'], fields: ['not_asked_for'] },
        fields: ['asked_for'],
        common: [],
      },
      path,
      texts: () => textsOf({ ...one, not_asked_for: 1 }, two),
      metadata: ({ records, watermark }) => ({ records: String(records), watermark: watermark ?? '' }),
    })

    const file = await asyncBufferFromFile(path)
    expect(written).toEqual({ bytes: file.byteLength, records: 2, watermark: '2026-11-02' })
    const none = { late: null, asked_for: null }
    expect(await parquetReadObjects({ file })).toEqual([
      { ...none, ...one, mixed: '1' },
      { ...none, ...two },
    ])
    const { key_value_metadata: said } = await parquetMetadataAsync(file)
    expect(said).toContainEqual({ key: 'watermark', value: '2026-11-02' })
    expect(said).toContainEqual({ key: 'records', value: '2' })
  })

  it('is written by a thread of its own, which leaves the event loop to others meanwhile', async () => {
    writeInOtherThreads()
    onTestFinished(writeInThisThread)
    const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const files = new ReportFiles()
    onTestFinished(() => files.close())
    const page = Array.from({ length: 6_000 }, (_, i) =>
      JSON.stringify({ date: '2026-11-01', id: String(i) }),
    )
    const write = (name: string, ...pages: string[][]) =>
      files.write({
        wanted: { spec: { ...SPEC, key: ['id'], fields: [] }, fields: [], common: [] },
        path: join(folder, name),
        async *texts() {
          yield* pages
        },
        metadata: () => ({}),
      })
    // The thread has started once it has written a file.
    await write('first.parquet')

    let turns = 0
    let isOver = false
    const count = () => {
      turns += 1
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    const { records } = await write('second.parquet', page)
    isOver = true
    expect(records).toBe(6_000)
    // Written by this thread, it would be one turn for each of the seven messages.
    expect(turns).toBeGreaterThan(20)
  })

  it('leaves nothing of itself where its rows break off, or its folder is gone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
    const files = new ReportFiles()
    onTestFinished(() => files.close())
    const write = (last: () => void) =>
      files.write({
        wanted: { spec: { ...SPEC, key: ['date'], fields: [] }, fields: [], common: [] },
        path: join(folder, 'a.parquet'),
        async *texts() {
          yield* textsOf({ date: '2026-11-01' })
          last()
        },
        metadata: () => ({}),
      })
    let reads = 0
    const breaking = write(() => {
      reads += 1
      if (reads === 2) throw new Error('the database is away')
    })
    await expect(breaking).rejects.toThrow('the database is away')
    expect(readdirSync(folder)).toEqual([])
    rmSync(folder, { recursive: true })
    await expect(write(() => {})).rejects.toThrow('ENOENT')
  })
})

describe('a CSV file', () => {
  it('quotes what must be quoted and disarms formulas, but not negative numbers', async () => {
    const columns = ['a', 'b', 'c'].map((name) => ({ name, type: 'STRING' }) as const)
    let text = ''
    for await (const part of csvOf(columns, inBatches([{ a: 'x,"y"', b: '=1+1', c: '-1.5' }]))) text += part
    expect(text).toBe('a,b,c\r\n"x,""y""",\'=1+1,-1.5\r\n')
  })

  it.each(['=1', '+a', '-a', '@a', '\t=1', '\r=1', '\n=1', '\uff1d1+1', '\uff0ba', '\uff0da', '\uff20a'])(
    'disarms a formula that begins as %j does',
    async (formula) => {
      let text = ''
      for await (const part of csvOf([{ name: 'a', type: 'STRING' }], inBatches([{ a: formula }])))
        text += part
      expect(text.replaceAll('"', '')).toBe(`a\r\n'${formula}\r\n`)
    },
  )
})

const FIELDS = { fields: ['clicks', 'cost', 'name'], dated: true, about: { account_currency: 'EUR' } }

onBothEngines((stores) => {
  describe('stored rows', () => {
    async function start() {
      const clock = new FakeClock()
      const store = await stores.open()
      onTestFinished(() => store.close())
      const connectorId = randomUUID()
      const at = isoTime(clock.nowMs())
      await store.db.insertInto('organizations').values({ id: 1, name: 'one' }).execute()
      await store.db
        .insertInto('connectors')
        .values({
          id: connectorId,
          org_id: 1,
          type: 'TTD',
          status: 'connected',
          metadata: '{}',
          concurrency: 1,
          created_at: at,
          updated_at: at,
        })
        .execute()
      const source = { connectorId, reportType: 'r', key: ['date', 'id'], ...FIELDS }
      const all = async (range?: { start: string; end: string }) => {
        const found: Row[] = []
        for await (const page of readRows(store, source, range)) found.push(...page)
        return found
      }
      return { clock, store, source, all }
    }

    it('let everything else go on while many are stored and read', async () => {
      const { clock, store, source } = await start()
      const rows = Array.from({ length: 6_000 }, (_, i) => ({ date: '2026-11-01', id: String(i) }))
      let turns = 0
      let isOver = false
      const count = () => {
        turns += 1
        if (!isOver) setImmediate(count)
      }
      setImmediate(count)
      const turnsOf = async (work: () => Promise<unknown>) => {
        const before = turns
        await work()
        return turns - before
      }
      expect(
        await turnsOf(() => upsertRows(store, clock, { ...source, jobId: randomUUID() }, rows)),
      ).toBeGreaterThan(20)
      expect(await turnsOf(() => Array.fromAsync(readRows(store, source, undefined)))).toBeGreaterThan(4)
      isOver = true
    })

    it('are replaced by key, keeping fields that were not asked for this time', async () => {
      const { clock, store, source, all } = await start()
      const [first, second] = [randomUUID(), randomUUID()]
      await upsertRows(store, clock, { ...source, jobId: first }, [
        { date: '2026-11-01', id: 'a', clicks: 1, other: 'kept' },
      ])
      await upsertRows(store, clock, { ...source, jobId: second }, [
        { date: '2026-11-01', id: 'a', clicks: 2 },
        { date: '2026-11-01', id: 'a', clicks: 3 },
        { date: '2026-11-02', id: 'a', clicks: 4 },
      ])
      expect(await all()).toEqual([
        { date: '2026-11-01', id: 'a', clicks: 3, other: 'kept', account_currency: 'EUR' },
        { date: '2026-11-02', id: 'a', clicks: 4, account_currency: 'EUR' },
      ])
    })

    it('come back as they were, whatever is in them, and those of one key as one', async () => {
      const { clock, store, source, all } = await start()
      const odd = {
        name: '"{}\\ ü 😀\u2028',
        cost: 0.1,
        much: 1e21,
        exact: 9_007_199_254_740_991,
        none: '',
        on: false,
      }
      const rows = Array.from({ length: 700 }, (_, i) => ({
        date: '2026-11-01',
        id: `${i % 350}`,
        half: i,
        ...odd,
      }))
      await upsertRows(store, clock, { ...source, jobId: randomUUID() }, rows)
      const found = await all()
      expect(found.length).toBe(350)
      const about = { ...odd, date: '2026-11-01', account_currency: 'EUR' }
      expect(found.find(({ id }) => id === '349')).toEqual({ ...about, id: '349', half: 699 })
      expect(found.find(({ id }) => id === '1')).toEqual({ ...about, id: '1', half: 351 })
    })

    it('are read and removed whole, whatever number of pages they take, within the dates that were asked for', async () => {
      const { clock, store, source, all } = await start()
      const days = ['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04']
      const rows = days.flatMap((date) => Array.from({ length: 900 }, (_, i) => ({ date, id: String(i) })))
      await upsertRows(store, clock, { ...source, jobId: randomUUID() }, rows)
      const range = { start: '2026-11-02', end: '2026-11-03' }
      const read = await all(range)
      expect([read.length, new Set(read.map(({ date, id }) => `${date} ${id}`)).size]).toEqual([1_800, 1_800])
      const again = { ...source, jobId: randomUUID() }
      await upsertRows(store, clock, again, rows.slice(1_000, 1_100))
      expect((await removeVanished(store, clock, again, range)).removed).toBe(1_700)
      expect((await all()).length).toBe(1_900)
    })

    it('vanish with the platform, within the dates that were read', async () => {
      const { clock, store, source, all } = await start()
      const days = ['2026-11-01', '2026-11-02', '2026-11-03']
      await upsertRows(
        store,
        clock,
        { ...source, jobId: randomUUID() },
        days.map((date) => ({ date, id: 'a' })),
      )
      const again = { ...source, jobId: randomUUID() }
      await upsertRows(store, clock, again, [{ date: '2026-11-02', id: 'b' }])
      const { removed } = await removeVanished(store, clock, again, {
        start: '2026-11-02',
        end: '2026-11-03',
      })
      expect(removed).toBe(2)
      expect((await all()).map(({ date, id }) => `${date} ${id}`)).toEqual(['2026-11-01 a', '2026-11-02 b'])
    })

    it('of one download that share a key are added up, over statements too; what is read again replaces them', async () => {
      const { clock, store, source, all } = await start()
      const creative = (i: number, id = 'a') => ({
        date: '2026-11-01',
        id,
        clicks: i,
        cost: 1_000_000 + i,
        name: 'A',
        Creative: `cr${i}`,
      })
      const part = (download: string) => ({ download, sums: ['clicks', 'cost'] })
      const about = { account_currency: 'EUR' }
      for (const download of ['1', '2']) {
        const one = { ...source, jobId: randomUUID() }
        await upsertRows(store, clock, one, [creative(1), creative(2), creative(7, 'b')], part(download))
        await upsertRows(store, clock, one, [creative(3), creative(4)], part(download))
        expect(await countOfDownload(store, source, download)).toBe(2)
        expect(await all()).toMatchObject([
          { id: 'a', clicks: 10, cost: 4_000_010, name: 'A', ...about },
          { id: 'b', clicks: 7, cost: 1_000_007, name: 'A', Creative: 'cr7', ...about },
        ])
        expect((await all())[0]).not.toHaveProperty('Creative', expect.anything())
      }
      const tenths = { ...source, jobId: randomUUID() }
      const tenth = (cost: number, id = 'a') => ({ ...creative(1, id), cost })
      await upsertRows(store, clock, tenths, [tenth(0.1), tenth(0.1, 'b'), tenth(0.2, 'b')], part('2.5'))
      await upsertRows(store, clock, tenths, [tenth(0.2)], part('2.5'))
      expect((await all()).map(({ cost }) => cost)).toEqual([0.3, 0.3])
      const again = { ...source, jobId: randomUUID() }
      await upsertRows(store, clock, again, [{ ...creative(1), clicks: null }, creative(2)], part('3'))
      expect((await all())[0]?.['clicks'] ?? null).toBeNull()
    })

    it('without a date belong to their job, and go when no request of it is left', async () => {
      const { clock, store, source } = await start()
      const range = { start: '2026-11-01', end: '2026-11-02' }
      const [first, second] = [randomUUID(), randomUUID()]
      const rows = (clicks: number) => [
        { date: '2026-11-01', id: 'a', clicks },
        { date: null, id: '(other)', clicks: 10 * clicks },
      ]
      await upsertRows(store, clock, { ...source, jobId: first }, rows(1))
      await upsertRows(store, clock, { ...source, jobId: second }, rows(2))
      const read = async (jobId?: string) =>
        (await Array.fromAsync(readRows(store, source, range, jobId))).flat().map(({ clicks }) => clicks)
      expect(await read(first)).toEqual([10, 2])
      expect(await read(second)).toEqual([20, 2])
      expect(await read()).toEqual([2])
      await removeVanished(store, clock, { ...source, jobId: second }, range)
      expect(await read(first)).toEqual([2])
      expect(await read(second)).toEqual([20, 2])
    })

    it('keep columns of their own that are called like ours', async () => {
      const { clock, store, source, all } = await start()
      const own = { date: '2026-11-01', id: 'a', account_currency: 'GBP', _account_currency: 'SEK' }
      await upsertRows(store, clock, { ...source, jobId: randomUUID() }, [own])
      expect(await all()).toEqual([{ ...own, __account_currency: 'EUR' }])
    })

    it('that one reading lacked are kept where it is doubted, until a second one lacks them too', async () => {
      const { clock, store, source, all } = await start()
      const row = (id: string) => ({ date: '2026-11-01', id })
      const reading = async (ids: string[], keep: boolean) => {
        const one = { ...source, jobId: randomUUID() }
        await upsertRows(store, clock, one, ids.map(row))
        return removeVanished(store, clock, one, undefined, keep)
      }
      await reading(['a', 'b', 'c'], false)
      expect(await reading(['a'], true)).toEqual({ removed: 0, kept: 2 })
      expect(await reading(['a', 'b'], true)).toEqual({ removed: 1, kept: 0 })
      expect(await reading(['a'], true)).toEqual({ removed: 0, kept: 1 })
      expect((await all()).map(({ id }) => id)).toEqual(['a', 'b'])
    })

    it('are read in pages, every one once', async () => {
      const { clock, store, source, all } = await start()
      const rows = Array.from({ length: 12_345 }, (_, i) => ({ date: `2026-11-0${1 + (i % 3)}`, id: `${i}` }))
      await upsertRows(store, clock, { ...source, jobId: randomUUID() }, rows)
      expect(new Set((await all()).map(({ id }) => id)).size).toBe(12_345)
      expect(await all({ start: '2026-11-02', end: '2026-11-02' })).toHaveLength(4_115)
    })
  })
})
