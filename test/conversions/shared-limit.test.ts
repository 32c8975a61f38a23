import { expect, it } from 'vitest'
import { startConversions } from '../support/conversions.ts'

it('leaves the last calls of the account that bids are placed on to bids, however many uploads wait', async () => {
  const { sandbox, send, post, bid, get, clock, until, statesOf } = await startConversions({
    // Of ten calls in a minute the last is left to bids.
    ...{ CONVERSION_APIS: '{}', GOOGLE_ADS_RATE_LIMIT: '10/60' },
  })
  const { customerId } = sandbox.credentials.googleAds
  const credentials = {
    ...sandbox.conversions.credentials['google'],
    ...{ customer_id: customerId, api: 'google_ads', developer_token: 'dev-1' },
  }
  const put = await send('PUT', '/api/v1/conversions/connections/google', { credentials })
  expect(put.status).toBe(200)
  const left = async () => {
    const { platforms } = (await get('/v1/platforms')).body
    return platforms[0].rateLimit.remaining
  }
  // The first bid on a campaign asks for it, in three calls; each later one is a call.
  expect((await bid({ bidAmount: 1 })).body).toMatchObject({ status: 'placed' })
  clock.advance(61_000)
  expect(await left()).toBe(10)
  for (let at = 0; at < 14; at++) {
    await post([{ event_id: `u${at}`, platforms: ['google'], user_data: { gclid: `click-${at}` } }])
    await until(
      '/api/v1/conversions/deliveries?limit=1',
      ({ deliveries }) => deliveries[0].state !== 'sent',
      0,
    )
  }
  expect(await left()).toBe(1)
  const waiting = (await get('/api/v1/conversions/deliveries?state=pending')).body.deliveries
  expect(waiting.length).toBeGreaterThan(0)
  expect((await bid({ bidAmount: 1 })).body).toMatchObject({ status: 'placed' })
  expect(await left()).toBe(0)
  await until('/api/v1/conversions/deliveries?state=pending', ({ deliveries }) => deliveries.length === 0)
  expect(await statesOf('u13')).toEqual({ google: 'acknowledged' })
})
