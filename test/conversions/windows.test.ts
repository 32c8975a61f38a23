import { describe, expect, it } from 'vitest'
import { startConversions } from '../support/conversions.ts'
import { goOn, type Reply } from '../support/harness.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** Until the faults are taken back. */
const MANY = 1_000

/** How old an event may be at a platform, as docs/platforms/conversions.md says it. */
const OLDEST = [
  { platform: 'meta', action_source: 'website', days: 7 },
  { platform: 'meta', action_source: 'physical_store', days: 62 },
  { platform: 'google', action_source: 'website', days: 90 },
  { platform: 'tiktok', action_source: 'website', days: 28 },
  { platform: 'snapchat', action_source: 'website', days: 37 },
] as const
/** For how many hours a platform recognises an event that it has seen. */
const RECOGNISED = [
  { platform: 'meta', api: 'meta_conversions', hours: 48 },
  { platform: 'tiktok', api: 'tiktok_conversions', hours: 48 },
  { platform: 'snapchat', api: 'snapchat_conversions', hours: 48 },
] as const
const APIS = {
  meta: 'meta_conversions',
  google: 'google_data_manager',
  tiktok: 'tiktok_conversions',
  snapchat: 'snapchat_conversions',
} as const

const user_data = {
  email: 'ann@x.example',
  client_user_agent: 'Mozilla/5.0',
  client_ip_address: '203.0.113.7',
}
const REPLAY = '/api/v1/conversions/dead-letters/replay'

describe.each(OLDEST)('an event of $action_source for $platform', ({ platform, action_source, days }) => {
  const started = async () => {
    const harness = await startConversions({ CONVERSION_APIS: '{}', CONVERSION_KEEP_DAYS: '100' })
    const { clock, post } = harness
    const sent = (ages: Record<string, number>) =>
      post(
        Object.entries(ages).map(([event_id, ageMs]) => ({
          ...{ event_id, platforms: [platform], action_source, user_data },
          event_time: clock.nowMs() - ageMs,
        })),
      )
    return { ...harness, sent }
  }

  it(`is refused at the door when it is older than ${days} days or to come, and nothing else with it`, async () => {
    const { sent, ended, sandbox } = await started()
    const { body } = await sent({
      old: days * DAY_MS + MINUTE_MS,
      future: -2 * MINUTE_MS,
      young: days * DAY_MS - MINUTE_MS,
      soon: -MINUTE_MS / 2,
    })
    expect(body.results).toMatchObject([
      {
        event_id: 'old',
        status: 'rejected',
        field: 'event_time',
        reason: expect.stringContaining(`${days} days`),
      },
      { event_id: 'future', status: 'rejected', field: 'event_time' },
      { event_id: 'young', status: 'accepted' },
      { event_id: 'soon', status: 'accepted' },
    ])
    for (const id of ['young', 'soon']) expect(await ended(id)).toMatchObject({ state: 'acknowledged' })
    expect(sandbox.conversions.counts()[APIS[platform]]).toMatchObject({ counted: 2, refused: 0 })
  })

  it(`dies when it becomes older than ${days} days while the platform is down, and nothing else with it`, async () => {
    const { sent, ended, sandbox, clock, send } = await started()
    sandbox.faults.add({
      platform: APIS[platform],
      method: 'POST',
      fault: { is: 'http', status: 503 },
      times: MANY,
    })
    await sent({ old: days * DAY_MS - HOUR_MS, young: 0 })
    for (let passed = 0; passed < 2 * HOUR_MS; passed += 10 * MINUTE_MS) {
      clock.advance(10 * MINUTE_MS)
      await goOn()
    }
    sandbox.faults.clear()
    expect(await ended('old', MINUTE_MS)).toMatchObject({ state: 'dead', code: 'too_old' })
    expect(await ended('young', MINUTE_MS)).toMatchObject({ state: 'acknowledged' })
    expect(sandbox.conversions.counts()[APIS[platform]]).toMatchObject({ counted: 1, refused: 0 })
    const { body } = await send('POST', REPLAY, { event_ids: ['old'] })
    expect(body).toMatchObject({ replayed: [], refused: [{ event_id: 'old', platform, code: 'too_old' }] })
  })
})

describe('an event of which nobody knows whether the platform took it', () => {
  it.each(RECOGNISED)(
    'goes again to $platform for $hours hours, and is then not replayed',
    async ({ platform, api, hours }) => {
      const { post, ended, sandbox, send } = await startConversions({ CONVERSION_APIS: '{}' })
      sandbox.faults.add({ platform: api, method: 'POST', fault: { is: 'reset_after' }, times: MANY })
      await post([{ event_id: 'o', platforms: [platform], user_data }])
      expect(await ended('o', HOUR_MS)).toMatchObject({ state: 'dead', code: 'outcome_unknown' })
      sandbox.faults.clear()
      const { body } = await send('POST', REPLAY, { all: true })
      const reason = expect.stringMatching(
        new RegExp(`^${platform} may have taken it .* ${hours} hours only$`),
      )
      expect(body).toMatchObject({ replayed: [], refused: [{ platform, code: 'would_count_twice', reason }] })
      const counts = sandbox.conversions.counts()[api]
      expect(counts).toMatchObject({ counted: 1, doubled: 0 })
      // Every hour, but for the last: a call may take as long.
      expect(counts.repeated).toBeGreaterThan(hours - 5)
    },
  )

  it('goes to Google until it is known, since Google never forgets', async () => {
    const { post, ended, sandbox, clock } = await startConversions({ CONVERSION_APIS: '{}' })
    sandbox.faults.add({
      platform: 'google_data_manager',
      method: 'POST',
      fault: { is: 'reset_after' },
      times: MANY,
    })
    await post([{ event_id: 'o', platforms: ['google'], user_data }])
    for (let hour = 0; hour < 72; hour++) {
      clock.stall(HOUR_MS)
      await goOn()
    }
    sandbox.faults.clear()
    expect(await ended('o', HOUR_MS)).toMatchObject({ state: 'acknowledged' })
    expect(sandbox.conversions.counts().google_data_manager).toMatchObject({ counted: 1, doubled: 0 })
  })
})

it('sends to other platforms at once while one is silent, one refuses everything and one has no tokens', async () => {
  const { post, sandbox, clock, until } = await startConversions({ CONVERSION_APIS: '{}' })
  sandbox.faults.add({ platform: 'tiktok_conversions', fault: { is: 'hold' }, times: MANY })
  sandbox.faults.add({
    platform: 'snapchat_conversions',
    method: 'POST',
    fault: { is: 'http', status: 503 },
    times: MANY,
  })
  sandbox.faults.add({ platform: 'google_oauth', fault: { is: 'hold' }, times: MANY })
  const begunMs = clock.nowMs()
  const ids = Array.from({ length: 12 }, (_, at) => `e${at}`)
  for (const event_id of ids) await post([{ event_id, platforms: undefined, user_data }])
  const taken = '/api/v1/conversions/deliveries?state=acknowledged&limit=100'
  const deliveries = (count: number) => (body: Reply['body']) => body.deliveries.length === count
  const { body } = await until(taken, deliveries(ids.length), 10)
  expect(clock.nowMs() - begunMs).toBeLessThan(1_000)
  expect(new Set(body.deliveries.map(({ platform }: { platform: string }) => platform))).toEqual(
    new Set(['meta']),
  )
  sandbox.faults.clear()
  sandbox.faults.release()
  await until(taken, deliveries(4 * ids.length))
  for (const api of Object.values(APIS))
    expect([api, sandbox.conversions.counts()[api]]).toMatchObject([api, { counted: ids.length, doubled: 0 }])
})
