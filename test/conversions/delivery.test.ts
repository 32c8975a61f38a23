import { describe, expect, it } from 'vitest'
import { refusal } from '../support/conversion-receiver.ts'
import { startConversions } from '../support/conversions.ts'
import { goOn } from '../support/harness.ts'

const ids = (count: number) => Array.from({ length: count }, (_, at) => ({ event_id: `e${at}` }))
const isPoison = ({ data }: { readonly data: readonly Record<string, unknown>[] }, id = 'e713') =>
  data.some(({ event_id }) => event_id === id)

describe('a conversion', () => {
  it('is stored, hashed, sent and acknowledged', async () => {
    const { post, meta, ended } = await startConversions()
    const { status, body } = await post([{}])
    expect({ status, body }).toEqual({
      status: 200,
      body: { results: [{ event_id: 'ord-1', status: 'accepted' }] },
    })
    expect(await ended('ord-1')).toMatchObject({
      platform: 'meta',
      state: 'acknowledged',
      success: true,
      attempts: 1,
      retry_count: 0,
      request_id: 't1',
      error_message: null,
    })
    expect(meta.calls).toHaveLength(1)
    expect(meta.calls[0]?.url).toBe('/v26.0/1234567890123456/events')
    expect(meta.calls[0]?.body.data[0]).toMatchObject({ event_name: 'Purchase', event_id: 'ord-1' })
    expect(JSON.stringify(meta.calls[0]?.body)).not.toContain('ann@x.example')
  })

  it('is a duplicate when it comes again, in one request or in another', async () => {
    const { post, meta, ended } = await startConversions()
    expect((await post([{}, {}])).body.results.map(({ status }: { status: string }) => status)).toEqual([
      'accepted',
      'duplicate',
    ])
    await ended('ord-1')
    expect((await post([{}])).body.results).toEqual([{ event_id: 'ord-1', status: 'duplicate' }])
    expect(meta.counted.size).toBe(1)
  })

  it('shares a call with those that come soon after one another; the first goes at once', async () => {
    const { post, meta, until, clock } = await startConversions()
    // The look at the start is over, and the next one by itself is to come.
    await goOn()
    clock.advance(200)
    const begunMs = clock.nowMs()
    const acknowledged = (count: number, stepMs: number) =>
      until(
        '/api/v1/conversions/deliveries?state=acknowledged&limit=100',
        ({ deliveries }) => deliveries.length === count,
        stepMs,
      )
    await post([{ event_id: 'first' }])
    await acknowledged(1, 0)
    for (const one of ids(8)) await post([one])
    await acknowledged(9, 10)
    expect(meta.calls.map(({ body }) => body.data.length)).toEqual([1, 8])
    expect(clock.nowMs() - begunMs).toBeLessThan(1_000)
  })

  it('is sent again after failures, with the same id, and counted once', async () => {
    const { post, meta, ended } = await startConversions()
    const failures = [refusal(2, undefined, 500), { is: 'take_and_cut' as const }]
    meta.rule = () => failures.shift()
    await post([{}])
    expect(await ended('ord-1')).toMatchObject({ state: 'acknowledged', attempts: 3 })
    expect([...meta.counted.values()]).toEqual([1])
    expect(meta.repeated).toBe(1)
  })
})

describe('one bad event of a thousand', () => {
  it('costs twelve more calls at most, and no other event', async () => {
    const { post, meta, ended } = await startConversions()
    meta.rule = ({ body }) => (isPoison(body) ? refusal(100) : undefined)
    await post(ids(1_000))
    expect(await ended('e713')).toMatchObject({ state: 'dead', code: '100' })
    await ended('e999')
    expect(meta.calls.length).toBeLessThanOrEqual(13)
    expect(meta.counted.size).toBe(999)
    expect(await ended('e712')).toMatchObject({ state: 'acknowledged' })
  })
})
