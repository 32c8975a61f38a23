import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Audit } from '../../src/audit/index.ts'
import { DEFAULT_BOUNDS } from '../../src/connectors/conversation/bounds.ts'
import { createLog } from '../../src/log.ts'
import { USUAL_TABLE_LIMITS } from '../../src/metrics/tables.ts'
import { createMemoryRecords } from '../../src/storage/index.ts'
import { emit, type NewEvent } from '../../src/sync/events/index.ts'
import { startSync } from '../../src/sync/index.ts'
import { systemClock } from '../../src/time/clock.ts'
import { ENGINES, environmentOn } from '../support/postgres.ts'
import { startRedis } from '../support/redis-server.ts'
import { writeInOtherThreads, writeInThisThread } from '../support/same-thread.ts'

async function start(engine: (typeof ENGINES)[number]) {
  const server = await startRedis('--appendonly', 'yes', '--appendfsync', 'always')
  onTestFinished(() => server.close())
  const dataDir = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  const { DATABASE_URL: url } = await environmentOn(engine)
  const store = url === undefined ? ({ is: 'sqlite', dataDir } as const) : ({ is: 'postgres', url } as const)
  const logged: string[] = []
  const log = createLog('info', { write: (line) => logged.push(line) })
  const one = () =>
    startSync(
      {
        store,
        streamUrl: server.url,
        files: { is: 'folder', dataDir },
        keys: () => [randomBytes(32)],
        connectors: [],
        clients: {},
        callbacks: { urls: [], loopback: false },
        limits: {},
        maxConcurrent: 1,
        tableLimits: USUAL_TABLE_LIMITS,
        bounds: DEFAULT_BOUNDS,
        publicFilesOnly: false,
        callCost: 0,
        keep: { requests: 90, events: 7, rows: undefined, fileBytes: 1e9 },
        notifyMail: { from: undefined, to: [] },
      },
      {
        clock: systemClock,
        log,
        audit: new Audit({ clock: systemClock, log, records: createMemoryRecords() }),
        authorize: () => {
          throw new Error('nobody asks')
        },
        onCall: () => {},
        ownSpendOf: async () => undefined,
        onSpend: () => {},
        onEvent: async () => {},
      },
    )
  const client = new Redis(server.url, { retryStrategy: () => 50 })
  client.on('error', () => undefined)
  onTestFinished(() => client.disconnect())
  // Each waits for locks of the other, and nobody may wait for its own thread.
  writeInOtherThreads()
  onTestFinished(writeInThisThread)
  const running = [await one(), await one()]
  for (const { stop } of running) onTestFinished(stop)
  const { db } = running[0]?.sync.store ?? (await one()).sync.store
  return {
    server,
    db,
    told: () => logged.filter((line) => line.includes('events cannot be published')).length,
    happen: (subject: string, type: NewEvent['type'] = 'data_fetched') =>
      emit(db, systemClock, { orgId: 7, type, subject, data: { run: randomUUID() } }),
    async entries() {
      const all = await client.xrange('connector.events', '-', '+')
      return all.map(([, fields]) =>
        Object.fromEntries([0, 2, 4, 6].map((at) => [fields[at], fields[at + 1]])),
      )
    },
    async waiting() {
      return (await db.selectFrom('events').select('id').where('published_at', 'is', null).execute()).length
    },
  }
}

describe('the stream of events', () => {
  it.each(ENGINES)(
    'has every event once, with two processes on %s, and those of a time without Redis',
    async (engine) => {
      const { server, db, told, happen, entries, waiting } = await start(engine)
      await happen('a', 'oauth_connected')
      await expect.poll(async () => (await entries()).length).toBe(1)
      const [first] = await entries()
      expect(first).toMatchObject({ type: 'oauth_connected', org_id: '7' })
      expect(JSON.parse(first?.['event'] ?? '')).toMatchObject({
        id: first?.['id'],
        specversion: '1.0',
        topic: 'connector.events',
        subject: 'a',
      })

      await server.kill()
      for (const subject of ['b', 'c', 'd']) await happen(subject)
      await expect.poll(told).toBe(2)
      expect(await waiting()).toBe(3)
      await server.start()
      await expect.poll(waiting).toBe(0)
      const subjects = async () => (await entries()).map(({ event = '' }) => JSON.parse(event).subject)
      expect(await subjects()).toEqual(['a', 'b', 'c', 'd'])

      // Published and not marked, as a crash in between leaves them.
      await db.updateTable('events').set({ published_at: null }).execute()
      await expect.poll(waiting).toBe(0)
      expect(await subjects()).toEqual(['a', 'b', 'c', 'd'])
    },
  )
})
