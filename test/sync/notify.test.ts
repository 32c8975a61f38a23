import { expect, it } from 'vitest'
import { emit } from '../../src/sync/events/index.ts'
import { goOn } from '../support/harness.ts'
import { startPlayedReads } from '../support/played-reads.ts'
import { NOTIFY_SECRET, startReceiver } from '../support/receiver.ts'

it('a NOTIFY_URL that hangs delays neither other events, nor schedules, nor a stop', async () => {
  const receiver = await startReceiver()
  receiver.react('hang')
  const reads = await startPlayedReads({ NOTIFY_URL: receiver.url, NOTIFY_SECRET })
  const store = reads.service.reads?.store
  if (!store) throw new Error('nothing is read')
  for (let i = 0; i < 12; i++) {
    const type = i % 2 === 0 ? 'sync_failed' : 'data_fetched'
    await emit(store.db, reads.clock, { orgId: 1, type, subject: `job-${i}`, data: { error: 'no' } })
  }
  const waiting = async () =>
    (await store.db.selectFrom('events').select('seq').where('published_at', 'is', null).execute()).length
  const startedMs = reads.clock.elapsedMs()
  reads.clock.advance(1_000)
  for (let turn = 0; turn < 500 && (receiver.received.length < 4 || (await waiting()) > 0); turn++)
    await goOn()

  // In one tick, and nothing was answered.
  expect(await waiting()).toBe(0)
  expect(receiver.received).toHaveLength(4)
  expect(reads.clock.elapsedMs() - startedMs).toBe(1_000)
  const { body } = await reads.get('/v1/notifications?status=waiting')
  expect(body.notifications).toHaveLength(6)
  await reads.service.stop()

  const [first] = receiver.events()
  const [header] = receiver.received.map(({ headers }) => headers['webhook-id'])
  expect(first).toMatchObject({ id: header, type: 'sync_failed', subject: 'job-0', data: { error: 'no' } })
  expect(first).toMatchObject({ source: '/bidwarden/connectors', topic: 'connector.events' })
})
