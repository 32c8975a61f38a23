import { expect, it } from 'vitest'
import { startConversions } from '../support/conversions.ts'

it('leaves the last calls of the account that bids are placed on to bids, however many uploads wait', async () => {
  const { sandbox, send, post, bid, get, clock, ended, statesOf } = await startConversions({
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
  const upload = (at: number) => ({
    ...{ event_id: `u${at}`, platforms: ['google'] },
    user_data: { gclid: `click-${at}` },
  })
  clock.advance(61_000)
  expect(await left()).toBe(10)
  // An upload at a time, so that each is a call of its own, until only the call of the bids is left.
  let uploads = 0
  for (; (await left()) > 1; uploads++) {
    await post([upload(uploads)])
    await ended(`u${uploads}`, 50)
  }
  for (let late = 0; late < 4; late++) await post([upload(uploads + late)])
  expect(await left()).toBe(1)
  expect(await statesOf(`u${uploads + 3}`)).not.toEqual({ google: 'acknowledged' })
  expect((await bid({ bidAmount: 1 })).body).toMatchObject({ status: 'placed' })
  expect(await left()).toBe(0)
  expect(await ended(`u${uploads + 3}`)).toMatchObject({ platform: 'google', state: 'acknowledged' })
})
