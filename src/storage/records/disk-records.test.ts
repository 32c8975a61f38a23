import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { smallDisk } from '../../../test/support/small-disk.ts'
import { DiskThread } from '../disk/index.ts'
import { DiskRecords, type RecordsTraffic } from './disk-records.ts'
import { type Entry, KEY_MS } from './records.ts'
import type { OpenRecords, RecordsRetention } from './records-file.ts'

const DAY_MS = 86_400_000

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** What `kill -9` would leave behind now. */
function copyOf(directory: string): string {
  const copy = temporaryDirectory()
  for (const name of ['records.use', 'records.db', 'records.db-wal'])
    cpSync(join(directory, name), join(copy, name), { force: true })
  return copy
}

const CHANGES = { maxRows: 1_000, maxAgeMs: 30 * DAY_MS }

async function open(directory = temporaryDirectory(), keep: Partial<RecordsRetention> = {}) {
  const clock = new FakeClock(0)
  const records = await DiskRecords.open({
    directory,
    clock,
    keep: { maxAgeMs: 30 * DAY_MS, maxBytes: 1 << 30, latest: 100, changes: CHANGES, ...keep },
  })
  onTestFinished(() => records.close())
  return { records, directory, clock }
}

const bid = (bidId: string, fields: Partial<Entry & { put: 'bid' }> = {}): Entry => ({
  put: 'bid',
  bidId,
  atMs: 0,
  isOpen: false,
  text: `text of ${bidId}`,
  spent: undefined,
  ...fields,
})
const key = (name: string, atMs: number, text = `answer to ${name}`): Entry => ({
  put: 'key',
  key: name,
  atMs,
  text,
})
const seen = (page: number, atMs: number): Entry => ({
  put: 'seen',
  owner: 'o',
  page,
  atMs,
  bits: new Uint8Array([page + 1]),
})

describe('records on the disk', () => {
  it('that are damaged are named and left out, and are never answered as if they did not exist', async () => {
    const { records, directory } = await open()
    const kinds: Entry[] = [bid('a'), bid('b', { isOpen: true }), key('k', 1), key('other', 1), seen(1, 1)]
    await records.append([
      ...kinds,
      { put: 'campaign', id: 'c', text: '{}' },
      { put: 'campaign', id: 'd', text: '{}' },
    ])
    await records.close()
    const file = new DatabaseSync(join(directory, 'records.db'))
    file.exec(`UPDATE bids SET text = 'tampered' WHERE bid_id <> 'x'; UPDATE keys SET text = '{' WHERE key = 'k';
      UPDATE campaigns SET id = 'e' WHERE id = 'c'; UPDATE seen SET bits = x'00'`)
    // As an earlier version wrote it.
    file.exec(
      `UPDATE campaigns SET sum = NULL WHERE id = 'd'; INSERT INTO campaigns (id, text) VALUES ('f', '{"cut')`,
    )
    file.close()

    const { records: again } = await open(directory)
    expect(await again.recover()).toMatchObject({
      latest: [],
      open: [],
      seen: [],
      campaigns: [{ id: 'd', text: '{}' }],
      damaged: ['bid b', 'bid a', 'open bid b', 'campaign e', 'campaign f', 'notices of o, page 1'],
    })
    await expect(again.find('key', 'k')).rejects.toThrow('the record of the key k is damaged')
    expect(await again.find('key', 'other')).toBe('answer to other')
    expect(await again.find('key', 'none')).toBeUndefined()
    await again.append([bid('a', { text: 'anew' })])
    expect(await again.find('bid', 'a')).toBe('anew')
  })

  it('are there after a kill once they were acknowledged; of entries with one name, the last', async () => {
    const { records, directory } = await open()
    await records.append([bid('a', { isOpen: true, text: 'under way' }), key('k', 5, 'unknown'), seen(3, 1)])
    await records.append([bid('a', { text: 'placed' }), bid('b', { isOpen: true }), key('k', 5, 'placed')])
    await records.append(['c', 'd', 'c'].map((id, i) => ({ put: 'campaign', id, text: `${i} of ${id}` })))
    await records.append([{ put: 'no_campaign', id: 'd' }])
    await records.append(['n', 'm', 'n'].map((id, i) => ({ put: 'notification', id, text: `${i} of ${id}` })))
    await records.append([{ put: 'no_notification', id: 'm' }])
    await records.append(['ml', 'old', 'ml'].map((id, i) => ({ put: 'api_key', id, text: `${i} of ${id}` })))
    await records.append([{ put: 'no_api_key', id: 'old' }])
    await records.append(['p', 'q', 'p'].map((id, i) => ({ put: 'approval', id, text: `${i} of ${id}` })))
    await records.append([{ put: 'no_approval', id: 'q' }])

    const again = (await open(copyOf(directory))).records
    expect(await again.recover()).toEqual({
      owners: { id: expect.stringMatching(/^[0-9a-f-]{36}$/), owners: [] },
      campaigns: [{ id: 'c', text: '2 of c' }],
      notifications: [{ id: 'n', text: '2 of n' }],
      apiKeys: [{ id: 'ml', text: '2 of ml' }],
      approvals: [{ id: 'p', text: '2 of p' }],
      facts: [],
      latest: ['placed', 'text of b'],
      open: ['text of b'],
      lastKeyMs: 5,
      seen: [{ owner: 'o', page: 3, bits: new Uint8Array([4]) }],
      damaged: [],
      forgotten: [],
    })
    expect(await again.find('bid', 'a')).toBe('placed')
    expect(await again.find('key', 'k')).toBe('placed')
    expect(await again.find('key', 'other')).toBeUndefined()
  })

  it('have the holds of each owner that the store has not counted, and the id of the file', async () => {
    const { records, directory } = await open()
    const hold = (number: number, amount: number) =>
      ({
        put: 'hold',
        owner: 'a',
        hold: { number, scopes: ['global', 'x'], amount, settledBefore: undefined },
      }) as const
    await records.append([
      { put: 'owner', owner: 'a' },
      { put: 'owner', owner: 'gone' },
      ...[1, 3, 5, 8].map((number) => hold(number, number * 10)),
    ])
    await records.append([
      { put: 'settled_hold', owner: 'a', number: 1, settledBefore: 4 },
      { put: 'settled_hold', owner: 'a', number: 3, settledBefore: 6 },
      { put: 'no_hold', owner: 'a', number: 8 },
      { put: 'counted_holds', owner: 'a', numbers: [1], counted: 4 },
      { put: 'no_owner', owner: 'gone' },
    ])
    const { owners: before } = await records.recover()
    const left = copyOf(directory)
    const { owners } = await (await open(left)).records.recover()
    expect(owners).toEqual(before)
    expect(owners?.owners).toEqual([
      {
        owner: 'a',
        upTo: 8,
        counted: 4,
        holds: [
          { number: 3, scopes: ['global', 'x'], amount: 30, settledBefore: 6 },
          { number: 5, scopes: ['global', 'x'], amount: 50, settledBefore: undefined },
        ],
      },
    ])
    expect((await (await open()).records.recover()).owners?.id).not.toBe(before?.id)
  })

  it('say nothing of an owner one of whose holds is damaged', async () => {
    const { records, directory } = await open()
    await records.append([
      { put: 'owner', owner: 'a' },
      { put: 'hold', owner: 'a', hold: { number: 1, scopes: ['x'], amount: 1, settledBefore: undefined } },
    ])
    await records.close()
    const database = new DatabaseSync(join(directory, 'records.db'))
    database.exec(`UPDATE holds SET scopes = '["x'`)
    database.close()
    expect((await (await open(directory)).records.recover()).owners?.owners).toEqual([])
  })

  it('return the latest bids at a start, and find the others', async () => {
    const { records, directory } = await open()
    for (let i = 0; i < 12; i++) await records.append([bid(`b${i}`)])
    await records.close()
    const again = (await open(directory, { latest: 2 })).records
    expect((await again.recover()).latest).toEqual(['text of b10', 'text of b11'])
    expect(await again.find('bid', 'b0')).toBe('text of b0')
  })

  it('add up by payer what the bids of a time spent, each as it was written last', async () => {
    const { records } = await open()
    const sum = (payer: string, amount: number) => ({ payer, amount })
    const spent = (payer: string, amount: number) => ({
      ...sum(payer, amount),
      source: payer === 'one' ? 'ai' : 'fallback',
      isUnknown: amount === 7,
    })
    await records.append([
      bid('a', { atMs: 10, spent: spent('one', 5) }),
      bid('b', { atMs: 19, spent: spent('one', 7) }),
      bid('c', { atMs: 19, spent: spent('two', 1) }),
      bid('d', { atMs: 20, spent: spent('one', 100) }),
      bid('e', { atMs: 15 }),
    ])
    expect(await records.spentBetween(10, 20)).toEqual([sum('one', 12), sum('two', 1)])
    expect(await records.spentPage(10, 20)).toEqual({
      parts: [
        { ...sum('one', 12), source: 'ai', bids: 2, unknown: 1 },
        { ...sum('two', 1), source: 'fallback', bids: 1, unknown: 0 },
      ],
      nextMs: undefined,
      keptFromMs: undefined,
    })
    await records.append([bid('a', { atMs: 10 })])
    expect(await records.spentBetween(10, 20)).toEqual([sum('one', 7), sum('two', 1)])
  })

  it('give what was spent in pages, also those of a version that recorded no source', async () => {
    const { records, directory } = await open()
    const spent = { payer: 'one', amount: 2, source: 'ai', isUnknown: false }
    const bids = Array.from({ length: 20_100 }, (_, at) => bid(`b${at}`, { atMs: Math.floor(at / 3), spent }))
    await records.append(bids)
    const pages = async (of: DiskRecords) => {
      const seen = []
      for (let fromMs: number | undefined = 0; fromMs !== undefined; ) {
        const page = await of.spentPage(fromMs, 6_699)
        seen.push(...page.parts)
        fromMs = page.nextMs
      }
      return seen
    }
    const part = { payer: 'one', source: 'ai', unknown: 0 }
    expect(await pages(records)).toEqual([
      { ...part, bids: 19_998, amount: 39_996 },
      { ...part, bids: 99, amount: 198 },
    ])
    await records.close()
    const database = new DatabaseSync(join(directory, 'records.db'))
    database.exec(`DROP INDEX spent_bids; ALTER TABLE bids DROP COLUMN source; ALTER TABLE bids DROP COLUMN is_unknown;
      CREATE INDEX spent_bids ON bids (at_ms, payer, spent) WHERE payer IS NOT NULL`)
    database.close()
    const { records: later } = await open(directory)
    const again = await pages(later)
    expect(again.map(({ source, bids: some }) => [source, some])).toEqual([
      [null, 19_998],
      [null, 99],
    ])
  })

  it('forget a key that did nothing', async () => {
    const { records } = await open()
    await records.append([key('k', 1)])
    await records.append([{ put: 'no_key', key: 'k' }])
    expect(await records.find('key', 'k')).toBeUndefined()
  })

  it('belong to one process at a time; the other is told who has them', async () => {
    const { directory } = await open()
    await expect(open(directory)).rejects.toMatchObject({
      fault: 'locked',
      message: expect.stringContaining(`records.lock is held by process ${process.pid} on `),
    })
  })
})

describe('records that are too old or too much', () => {
  it('are deleted by age: bids and notices after `maxAgeMs`, keys after a day; which pages were deleted stays known', async () => {
    const { records, directory } = await open(undefined, { maxAgeMs: 10 * DAY_MS })
    await records.append([bid('old', { atMs: 0 }), key('old', 0), seen(0, 0), seen(1, 0)])
    await records.append([bid('young', { atMs: DAY_MS }), key('young', 10 * DAY_MS), seen(2, DAY_MS)])
    // Pruning happens at an opening, and after every thousand entries.
    await records.append(Array.from({ length: 1_000 }, (_, i) => key(`k${i}`, 10 * DAY_MS + 1)))

    await expect.poll(() => records.find('bid', 'old')).toBeUndefined()
    await expect.poll(() => records.find('key', 'old')).toBeUndefined()
    await expect.poll(async () => (await records.recover()).seen.map(({ page }) => page)).toEqual([2])
    expect((await records.recover()).forgotten).toEqual([{ owner: 'o', below: 2 }])
    expect(await records.find('bid', 'young')).toBe('text of young')
    expect(await records.find('key', 'young')).toBe('answer to young')
    await records.close()

    const again = (await open(directory, { maxAgeMs: 10 * DAY_MS })).records
    expect((await again.recover()).forgotten).toEqual([{ owner: 'o', below: 2 }])
    expect(KEY_MS).toBe(DAY_MS)
  })

  it('are deleted by size, the oldest bids first, and the file does not grow', async () => {
    const { records, directory, clock } = await open(undefined, { maxBytes: 4 << 20 })
    const text = 'x'.repeat(2_000)
    await records.append([key('older', clock.nowMs())])
    for (let round = 0; round < 12; round++) {
      const entries = Array.from({ length: 1_000 }, (_, i) =>
        bid(`b${round}-${i}`, { atMs: clock.nowMs() + round, text }),
      )
      await records.append(entries)
    }
    await expect.poll(() => records.find('bid', 'b0-0')).toBeUndefined()
    expect(await records.find('bid', 'b11-999')).toBe(text)
    expect(await records.find('key', 'older')).toBe('answer to older')
    await records.close()
    // 24 MB went through it.
    expect(statSync(join(directory, 'records.db')).size).toBeLessThan(12 << 20)
  })
})

describe('changes', () => {
  const change = (number: number, more: Partial<Entry & { put: 'change' }> = {}): Entry => ({
    ...{ put: 'change', id: `c${number}`, atMs: number, org: 1, action: 'a', target: 't', caller: 'k' },
    ...{ isRoutine: false, text: `{"number":${number}}`, ...more },
  })
  const many = (count: number, from: number, more: Partial<Entry & { put: 'change' }> = {}) =>
    Array.from({ length: count }, (_, i) => change(from + i, more))

  it('of the largest group are deleted first, after those that are too old', async () => {
    const changes = { maxRows: 100, maxAgeMs: 10 * DAY_MS }
    const { records } = await open(undefined, { changes })
    await records.append([change(1, { id: 'old' }), change(2, { atMs: 9 * DAY_MS, id: 'rare' })])
    await records.append(many(20, 9 * DAY_MS, { org: 7 }))
    await records.append(many(60, 9.5 * DAY_MS, { org: 8, action: 'flood' }))
    await records.append(many(80, 9.7 * DAY_MS, { org: 8, isRoutine: true, action: 'upload' }))
    await records.append(Array.from({ length: 1_000 }, (_, i) => key(`k${i}`, 10 * DAY_MS + 2)))
    const ids = async (query = {}) =>
      (await records.changes({ limit: 1_000, ...query })).changes.map(({ id }) => id)
    await expect.poll(async () => (await ids()).length).toBe(100)
    expect((await ids({ org: 1 })).toReversed()).toEqual(['rare'])
    // The largest group lost rows until it was no longer the largest.
    expect(await ids({ org: 7 })).toHaveLength(20)
    const [floods, uploads] = [await ids({ action: 'flood' }), await ids({ action: 'upload' })]
    expect(floods.length + uploads.length).toBe(79)
    expect(Math.abs(floods.length - uploads.length)).toBeLessThan(20)
    expect(uploads[0]).toBe(`c${9.7 * DAY_MS + 79}`)
  })

  it('are found in pages, which are short if few of many match', async () => {
    const { records } = await open(undefined, { changes: { maxRows: 20_000, maxAgeMs: 1e12 } })
    await records.append([
      change(0, { target: 'wanted' }),
      ...many(7_000, 1),
      change(7_001, { target: 'wanted' }),
    ])
    const first = await records.changes({ limit: 10, targets: ['wanted', 'other'] })
    expect(first.changes).toEqual([{ id: 'c7001', text: '{"number":7001}' }])
    expect(first.next).toBeDefined()
    const second = await records.changes({ limit: 10, targets: ['wanted'], before: first.next })
    expect(second).toEqual({ changes: [{ id: 'c0', text: '{"number":0}' }] })
    const page = await records.changes({ limit: 2, fromMs: 10, toMs: 20 })
    // Nothing matched among the rows that were scanned, but more pages follow.
    expect(page.changes).toEqual([])
    const next = await records.changes({ limit: 2, fromMs: 10, toMs: 20, before: page.next })
    expect(next.changes.map(({ id }) => id)).toEqual(['c19', 'c18'])
    const last = await records.changes({ limit: 8, fromMs: 10, toMs: 20, before: next.next })
    expect(last.changes).toHaveLength(8)
  })

  it('that are damaged are named, and a change of the same id takes the place of the one before', async () => {
    const { records, directory } = await open()
    await records.append([change(1), change(2)])
    await records.append([change(1, { text: '{"now":1}' })])
    await records.close()
    const database = new DatabaseSync(join(directory, 'records.db'))
    database.exec(`UPDATE changes SET text = '{"forged":1}' WHERE id = 'c2'`)
    database.close()
    const again = await open(directory)
    expect(await again.records.changes({ limit: 10 })).toEqual({
      changes: [
        { id: 'c2', text: undefined },
        { id: 'c1', text: '{"now":1}' },
      ],
    })
  })
})

describe('records that are written without a pause', () => {
  it('are deleted all the same between two writes', async () => {
    const directory = temporaryDirectory()
    const how: OpenRecords = {
      directory,
      atMs: 0,
      keep: { maxAgeMs: DAY_MS, maxBytes: 4 << 20, latest: 100, changes: CHANGES },
    }
    const program = new URL('./records-worker.ts', import.meta.url)
    const thread = new DiskThread<RecordsTraffic>('records', program, how, () => {})
    await thread.opened
    const text = 'x'.repeat(2_000)
    // The next batch is always waiting already, as when the thread is slower than its caller.
    for (let round = 0; round < 12; round++)
      void thread.write(Array.from({ length: 1_000 }, (_, i) => bid(`b${round}-${i}`, { text })))
    await thread.close()
    expect(statSync(join(directory, 'records.db')).size).toBeLessThan(12 << 20)
  })
})

describe('too many keys', () => {
  it('are deleted too when bids are few', async () => {
    const { records, directory } = await open(undefined, { maxBytes: 1 << 20 })
    await records.append([bid('b', { atMs: 1 })])
    for (let round = 0; round < 8; round++)
      await records.append(
        Array.from({ length: 1_000 }, (_, i) => key(`k${round}-${i}`, 2, 'x'.repeat(1_000))),
      )
    await expect.poll(() => records.find('key', 'k0-0')).toBeUndefined()
    await records.close()
    expect(statSync(join(directory, 'records.db')).size).toBeLessThan(8 << 20)
  })
})

describe('a full disk', () => {
  it('refuses, loses nothing acknowledged, and writes what was refused when there is space, in order', async () => {
    const { directory, makeSpace } = smallDisk(600_000)
    const { records, clock } = await open(directory)
    const text = 'x'.repeat(4_000)
    let acknowledged = -1
    let refused: unknown
    for (let i = 0; refused === undefined; i++) {
      try {
        await records.append([bid(`b${i}`, { text })])
        acknowledged = i
      } catch (error) {
        refused = error
      }
    }
    expect(refused).toMatchObject({ name: 'RecordsUnavailable', message: 'the disk is full' })
    expect(records.state).toEqual({ is: 'away', detail: 'the disk is full' })
    await expect(records.append([bid(`b${acknowledged + 1}`, { text: 'the last word' })])).rejects.toThrow(
      'the disk is full',
    )
    const killed = (await open(copyOf(directory))).records
    expect(await killed.find('bid', `b${acknowledged}`)).toBe(text)
    expect(await killed.find('bid', `b${acknowledged + 1}`)).toBeUndefined()

    makeSpace()
    await expect
      .poll(() => {
        clock.advance(1_000)
        return records.state.is
      })
      .toBe('open')
    expect(await records.find('bid', `b${acknowledged + 1}`)).toBe('the last word')
  })

  it('is named at the start', async () => {
    const { directory } = smallDisk(0)
    await expect(open(directory)).rejects.toThrow(/records in \S+ cannot be used: ENOSPC/)
  })
})

describe('a process that ends without closing its records', () => {
  it.each(['process.exit(3)', "setImmediate(() => { throw new Error('a fault') })"])(
    'leaves files that open again, with everything acknowledged: %s',
    async (end) => {
      const directory = temporaryDirectory()
      const importOf = (file: string) => JSON.stringify(new URL(file, import.meta.url).href)
      const program = `
        import { DiskRecords } from ${importOf('./disk-records.ts')}
        import { systemClock as clock } from ${importOf('../../time/clock.ts')}
        const keep = { maxAgeMs: 1e12, maxBytes: 1e9, latest: 10, changes: { maxRows: 10, maxAgeMs: 1e12 } }
        const records = await DiskRecords.open({ directory: process.argv[2], clock, keep })
        await records.append([{ put: 'key', key: 'k', atMs: clock.nowMs(), text: 'answer' }])
        ${end}`
      const file = join(temporaryDirectory(), 'program.mjs')
      writeFileSync(file, program)
      const child = spawn(process.execPath, [file, directory])
      const [code] = await once(child, 'exit')
      expect(code).not.toBe(0)
      const { records } = await open(directory)
      expect(await records.find('key', 'k')).toBe('answer')
    },
  )
})

describe('files that are not what was written', () => {
  /** A directory as a kill leaves it, with ten commits in the log. */
  async function killed(): Promise<string> {
    const { records, directory } = await open()
    for (let i = 0; i < 10; i++) await records.append([bid(`b${i}`)])
    return copyOf(directory)
  }
  const log = (directory: string) => join(directory, 'records.db-wal')

  it('are used when only the end is torn, which was never acknowledged', async () => {
    const directory = await killed()
    truncateSync(log(directory), statSync(log(directory)).size - 100)
    const { records } = await open(directory)
    expect((await records.recover()).latest).toHaveLength(9)
  })

  it('are refused when a commit in the middle is damaged', async () => {
    const directory = await killed()
    const bytes = readFileSync(log(directory))
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 0xff, bytes.length >> 1)
    writeFileSync(log(directory), bytes)
    await expect(open(directory)).rejects.toMatchObject({ fault: 'damaged' })
  })

  it('are refused without the log that a killed process left, or without the file, or as an older copy', async () => {
    const one = await killed()
    rmSync(log(one))
    await expect(open(one)).rejects.toThrow(/records.db-wal is missing/)

    const other = await open()
    await other.records.close()
    const older = temporaryDirectory()
    cpSync(other.directory, older, { recursive: true })
    await (await open(other.directory)).records.close()
    cpSync(join(older, 'records.db'), join(other.directory, 'records.db'))
    if (existsSync(log(other.directory))) rmSync(log(other.directory))
    await expect(open(other.directory)).rejects.toThrow(/older copy/)
    rmSync(join(other.directory, 'records.db'))
    await expect(open(other.directory)).rejects.toThrow(/records.db is missing or empty/)
  })

  it('are refused when they are something else', async () => {
    const directory = temporaryDirectory()
    const fd = openSync(join(directory, 'records.db'), 'w')
    writeSync(fd, 'not a database at all'.repeat(100))
    await expect(open(directory)).rejects.toMatchObject({ fault: 'damaged' })
  })
})
