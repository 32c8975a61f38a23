import { createServer } from 'node:http'
import { expect, it, onTestFinished } from 'vitest'
import { emit } from '../../src/sync/events/index.ts'
import { goOn } from '../support/harness.ts'
import { startPlayedReads } from '../support/played-reads.ts'

it('a NOTIFY_URL that hangs delays neither other events, nor schedules, nor a stop', async () => {
  let asked = 0
  const server = createServer(() => {
    asked += 1
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const reads = await startPlayedReads({ NOTIFY_URL: `http://127.0.0.1:${port}/` })
  const store = reads.service.reads?.store
  if (!store) throw new Error('nothing is read')
  for (let i = 0; i < 12; i++)
    await emit(store.db, reads.clock, { orgId: 1, type: 'sync_failed', subject: `job-${i}`, data: {} })
  const waiting = async () =>
    (await store.db.selectFrom('events').select('seq').where('published_at', 'is', null).execute()).length
  const startedMs = reads.clock.elapsedMs()
  reads.clock.advance(1_000)
  for (let turn = 0; turn < 500 && (asked < 8 || (await waiting()) > 0); turn++) await goOn()

  // In one tick, and nothing was answered: of those that are too many it says so.
  expect(await waiting()).toBe(0)
  expect(asked).toBe(8)
  expect(reads.clock.elapsedMs() - startedMs).toBe(1_000)
  expect(reads.logged.filter(({ msg }) => msg === 'the notification was not taken')).toHaveLength(4)
  await reads.service.stop()
})
