import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { NOTIFICATION_KINDS } from '../../src/notify/index.ts'
import { goOn, type Harness, startHarness, until } from '../support/harness.ts'
import { isGenuine, NOTIFY_SECRET, type Receiver, startReceiver, told } from '../support/receiver.ts'

interface Notified extends Harness {
  readonly receiver: Receiver
  listed(query?: string): Promise<Record<string, unknown>[]>
  /** Lets time pass until the receiver has been sent so much, in all. */
  sent(count: number): Promise<void>
}

async function startNotified(environment: Record<string, string> = {}, known?: Receiver): Promise<Notified> {
  const receiver = known ?? (await startReceiver())
  const harness = await startHarness({
    NOTIFY_URL: receiver.url,
    NOTIFY_SECRET,
    NOTIFY_EVENTS: NOTIFICATION_KINDS.join(','),
    ...environment,
  })
  return {
    ...harness,
    receiver,
    listed: async (query = '') => (await harness.get(`/v1/notifications${query}`)).body.notifications,
    sent: (count) => told(harness, receiver, count),
  }
}

const kill = ({ send }: Harness, reason: string) => send('POST', '/v1/kill-switch', { engaged: true, reason })

describe('NOTIFY_URL', () => {
  it('is told once, signed by Standard Webhooks with every secret', async () => {
    const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
    const harness = await startNotified({ NOTIFY_SECRET: `${NOTIFY_SECRET},${other}` })
    await kill(harness, 'fire')
    await harness.sent(1)
    const [one] = harness.receiver.received
    if (!one) throw new Error('nothing was sent')
    expect(one.headers['content-type']).toBe('application/cloudevents+json')
    for (const secret of [NOTIFY_SECRET, other])
      expect(isGenuine(one, secret, harness.clock.nowMs())).toBe(true)
    const forged = { ...one, body: one.body.replace('fire', 'rain') }
    expect(isGenuine(forged, NOTIFY_SECRET, harness.clock.nowMs())).toBe(false)
    expect(harness.receiver.events()).toMatchObject([
      {
        ...{ specversion: '1.0', source: '/bidwarden', type: 'kill_switch_changed', subject: 'global' },
        ...{ id: one.headers['webhook-id'], time: '2026-11-20T12:00:00.000Z' },
        data: { engaged: true, reason: 'fire', by: 'local' },
      },
    ])
    harness.clock.stall(100_000_000)
    await goOn()
    expect(harness.receiver.received).toHaveLength(1)
    expect(await harness.listed()).toMatchObject([
      { type: 'kill_switch_changed', status: 'delivered', attempts: 1 },
    ])
    expect((await harness.get('/metrics')).body).toContain(
      'bidwarden_notifications_total{result="delivered"} 1',
    )
  })

  it.each([
    ['a redirect', { status: 302, headers: { location: '/elsewhere' } }, 'answered 302'],
    ['no answer', 'hang', 'no answer in time'],
  ] as const)('is told again after %s', async (_, reaction, error) => {
    const harness = await startNotified()
    harness.receiver.react(reaction)
    await kill(harness, 'fire')
    await harness.sent(1)
    if (reaction === 'hang') harness.clock.advance(20_000)
    await goOn()
    expect(await harness.listed()).toMatchObject([{ status: 'waiting', attempts: 1, error }])
    harness.receiver.react({ status: 200 })
    await harness.sent(2)
    expect(await harness.listed()).toMatchObject([{ status: 'delivered', attempts: 2 }])
  })

  it('is told again after an error, later each time, until it is given up', async () => {
    const harness = await startNotified()
    harness.receiver.react({ status: 500 })
    await kill(harness, 'fire')
    const atMs: number[] = []
    for (let count = 1; count <= 9; count++) {
      await harness.sent(count)
      atMs.push(harness.clock.elapsedMs())
      await goOn()
    }
    const waits = atMs.slice(1).map((ms, i) => ms - (atMs[i] ?? 0))
    ;[5, 30, 120, 600, 1_800, 7_200, 18_000, 36_000].forEach((seconds, i) => {
      expect(waits[i]).toBeGreaterThanOrEqual(seconds * 800)
      expect(waits[i]).toBeLessThanOrEqual(seconds * 1_200 + 3_000)
    })
    expect(await harness.listed()).toMatchObject([{ status: 'dead', attempts: 9, error: 'answered 500' }])
    harness.clock.stall(200_000_000)
    await goOn()
    expect(harness.receiver.received).toHaveLength(9)
    const ids = harness.receiver.received.map(({ headers }) => headers['webhook-id'])
    expect(new Set(ids).size).toBe(1)
    expect(harness.logged.filter(({ msg }) => msg === 'a notification was given up')).toHaveLength(1)
    expect(JSON.stringify(harness.logged)).not.toContain('/hook')

    // It can be sent again; it is the same notification to who has had it already.
    harness.receiver.react({ status: 200 })
    const again = await harness.send('POST', `/v1/notifications/${ids[0]}/replay`)
    expect(again).toMatchObject({ status: 200, body: { id: ids[0], status: 'waiting', attempts: 0 } })
    await harness.sent(10)
    expect(harness.receiver.received[9]?.headers['webhook-id']).toBe(ids[0])
    await until(() => harness.receiver.received.length === 10)
    expect(await harness.listed('?status=dead')).toEqual([])
    expect(await harness.listed('?status=delivered')).toHaveLength(1)
  })

  it('is told of one subject one thing after the other, of other subjects meanwhile', async () => {
    const harness = await startNotified()
    harness.receiver.react('hang')
    await kill(harness, 'fire')
    await harness.sent(1)
    await harness.send('POST', '/v1/kill-switch', { engaged: false, reason: 'out' })
    harness.receiver.react({ status: 200 })
    harness.service.agent.tell({ kind: 'breaker_changed', subject: 'meta', data: {} })
    await harness.sent(2)
    expect(harness.receiver.events().map(({ type }) => type)).toEqual([
      'kill_switch_changed',
      'breaker_changed',
    ])
    harness.clock.advance(20_000)
    await harness.sent(3)
    expect(harness.receiver.events().at(2)).toMatchObject({ data: { engaged: false } })
  })

  it('is waited for as long as it asks', async () => {
    const harness = await startNotified()
    harness.receiver.react({ status: 429, headers: { 'retry-after': '600' } })
    await kill(harness, 'fire')
    await harness.sent(1)
    harness.receiver.react({ status: 204 })
    const [one] = await harness.listed()
    expect(one?.['nextAttemptAt']).toBe(new Date(harness.clock.nowMs() + 600_000).toISOString())
    harness.clock.stall(599_000)
    await goOn()
    expect(harness.receiver.received).toHaveLength(1)
    await harness.sent(2)
  })

  it('is told after a restart what it had not taken before, and nothing twice', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const kept = { STORE: 'sqlite', DATA_DIR: folder }
    const first = await startNotified(kept)
    await kill(first, 'taken')
    await first.sent(1)
    first.receiver.react({ status: 503 })
    await kill(first, 'not taken')
    await first.sent(2)
    first.receiver.react('hang')
    await kill(first, 'under way')
    await first.sent(3)
    await first.service.stop()

    const second = await startNotified(kept, first.receiver)
    expect((await second.listed()).map(({ status, attempts }) => [status, attempts])).toEqual([
      ['waiting', 0],
      ['waiting', 1],
      ['delivered', 1],
    ])
    second.receiver.react({ status: 204 })
    await second.sent(5)
    const reasons = second.receiver.events().map(({ data }) => data['reason'])
    expect(reasons.slice(3).sort()).toEqual(['not taken', 'under way'])
    expect((await second.listed()).map(({ status }) => status)).toEqual([
      'delivered',
      'delivered',
      'delivered',
    ])
    await second.service.stop()

    // Without an address there is nobody to tell, and what was told is listed still.
    const third = await startHarness(kept)
    const { body } = await third.get('/v1/notifications?limit=2')
    expect(body.notifications).toHaveLength(2)
    const rest = (await third.get(`/v1/notifications?limit=2&cursor=${body.next}`)).body
    expect(rest.notifications).toHaveLength(1)
    expect(rest.next).toBeUndefined()
    const id = body.notifications[0].id
    expect((await third.send('POST', `/v1/notifications/${id}/replay`)).status).toBe(400)
  })

  it('that hangs lets the oldest wait no longer than there is room, and holds four connections', async () => {
    const harness = await startNotified()
    harness.receiver.react('hang')
    const { tell } = harness.service.agent
    for (let i = 0; i < 1_010; i++) tell({ kind: 'breaker_changed', subject: `p${i}`, data: {} })
    await harness.sent(4)
    const { body } = await harness.get('/metrics')
    expect(body).toContain('bidwarden_notifications_waiting 1000')
    expect(body).toContain('bidwarden_notifications_total{result="pushed_out"} 10')
    // The first four are under way.
    const dead = await harness.listed('?status=dead')
    expect(dead.map(({ subject }) => subject)).toEqual(Array.from({ length: 10 }, (_, i) => `p${13 - i}`))
    expect(dead[0]).toMatchObject({ error: 'too many newer ones waited' })
    expect(harness.logged.filter(({ msg }) => String(msg).includes('too many notifications'))).toHaveLength(1)
    expect(harness.receiver.received).toHaveLength(4)
    expect((await harness.bid()).status).toBe(200)
  })

  it('is told only what NOTIFY_EVENTS names', async () => {
    const harness = await startNotified({ NOTIFY_EVENTS: 'breaker_changed' })
    await kill(harness, 'fire')
    harness.service.agent.tell({ kind: 'breaker_changed', subject: 'meta', data: {} })
    await harness.sent(1)
    expect(harness.receiver.events()).toMatchObject([{ type: 'breaker_changed' }])
    expect(await harness.listed()).toHaveLength(1)
  })
})

describe('what is told', () => {
  it('is that a budget is near its limit, and that it is used up, once each until it was clearly below', async () => {
    const harness = await startNotified()
    await harness.bid({ bidAmount: 400 })
    await harness.sent(1)
    await harness.bid({ bidAmount: 95 })
    await harness.sent(2)
    harness.clock.advance(10_000)
    await goOn()
    const { budgets } = harness.receiver.events()[0]?.data ?? {}
    expect(budgets).toEqual([
      {
        ...{ scope: 'platform:google_ads', limit: 'sliding_600s', currency: 'USD' },
        ...{ max: 500, spent: 400, held: 0, remaining: 100, utilization: 0.8 },
      },
    ])
    expect(harness.receiver.events().map(({ type, subject }) => [type, subject])).toEqual([
      ['budget_near', 'platform:google_ads'],
      ['budget_used_up', 'platform:google_ads'],
    ])
    harness.clock.advance(700_000)
    await harness.bid({ bidAmount: 420 })
    await harness.sent(3)
    expect(harness.receiver.events()[2]).toMatchObject({ type: 'budget_near' })
  })

  it('is that a breaker has opened, and that it has closed', async () => {
    const harness = await startNotified()
    harness.sandbox.faults.add({
      platform: 'google_ads',
      times: 'always',
      fault: { is: 'http', status: 503 },
    })
    for (let i = 0; i < 3; i++) await harness.bid({ campaignId: `broken${i}`, bidAmount: 1 })
    await harness.sent(1)
    harness.clock.advance(31_000)
    await harness.bid({ campaignId: 'probe', bidAmount: 1 })
    harness.sandbox.faults.clear()
    harness.clock.advance(31_000)
    for (let i = 0; i < 2; i++) await harness.bid({ campaignId: `works${i}`, bidAmount: 1 })
    await harness.sent(2)
    expect(harness.receiver.events().map(({ type, data }) => [type, data])).toEqual([
      ['breaker_changed', { platform: 'google_ads', state: 'open' }],
      ['breaker_changed', { platform: 'google_ads', state: 'closed' }],
    ])
  })
})
