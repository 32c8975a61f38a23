import { describe, expect, it } from 'vitest'
import {
  conversionOf,
  itSurvivesStrangeAnswers,
  playConversionCases,
  responseOf,
} from '../conversions/cases.test-support.ts'
import { googleConversions } from './conversions.ts'

describe('conversions for Google', () => {
  playConversionCases(new URL('./conversion-cases.json', import.meta.url), googleConversions)
  itSurvivesStrangeAnswers(googleConversions)

  const credentials = {
    customer_id: '123-456-7890',
    conversion_action_id: '42',
    refresh_token: 'r',
    client_id: 'c',
    client_secret: 's',
  }

  it('sends events of different conversion actions, and changes of earlier ones, in calls of their own', () => {
    const groups = [{}, { platformEvent: '77' }, { parameters: { adjustment_type: 'RETRACTION' } }].map(
      (event) => googleConversions.groupOf(conversionOf(googleConversions, event)),
    )
    expect(groups).toEqual(['conversions:own', 'conversions:77', 'adjustments:own'])
  })

  it('accepts an address as the only identifier, but not for a click of the Google Ads API, which has none', () => {
    const ours = googleConversions.credentials.parse(credentials)
    const ads = googleConversions.credentials.parse({ ...credentials, api: 'google_ads' })
    const address = { first_name: 'Ann', last_name: 'Smith', zip: '94025', country: 'US' }
    const order = { customData: { value: 1, currency: 'USD', order_id: 'o-1' } }
    const conversion = { ...conversionOf(googleConversions, { user_data: address }), ...order }
    expect(googleConversions.faultOf(conversion, ours)).toBeUndefined()
    expect(googleConversions.faultOf(conversion, undefined)).toBeUndefined()
    expect(googleConversions.faultOf(conversion, ads)).toMatchObject({ field: 'user_data' })
    const enhanced = { ...conversion, parameters: { adjustment_type: 'ENHANCEMENT' } }
    expect(googleConversions.faultOf(enhanced, ads)).toBeUndefined()
    const withEmail = { ...address, email: 'ann@x.example' }
    const known = { ...conversionOf(googleConversions, { user_data: withEmail }), ...order }
    expect(googleConversions.faultOf(known, ads)).toBeUndefined()
    const target = { baseUrl: 'https://google.example', version: 'v26' }
    const sent = googleConversions.send(target, ads, [known], 'token')
    expect(sent.body).toContain('hashedEmail')
    expect(sent.body).not.toContain('addressInfo')
  })

  it('asks for an access token with the refresh token', () => {
    const parsed = googleConversions.credentials.parse(credentials)
    expect(googleConversions.refresh(parsed)).toEqual({ clientId: 'c', clientSecret: 's', refreshToken: 'r' })
    expect(googleConversions.apiOf(parsed)).toBe('data_manager')
  })

  it('tests a connection without sending anything that counts', () => {
    const target = { baseUrl: 'https://google.example', version: 'v1' }
    const ours = googleConversions.credentials.parse(credentials)
    const trial = googleConversions.test(target, ours, 'token')
    expect(trial.url).toBe('https://google.example/v1/events:ingest')
    expect(JSON.parse(trial.body ?? '')).toMatchObject({ validateOnly: true })
    const ads = googleConversions.test(
      target,
      googleConversions.credentials.parse({ ...credentials, api: 'google_ads' }),
      'token',
    )
    expect(ads.url).toBe('https://google.example/v1/customers/1234567890/googleAds:search')
  })

  describe('asks later what became of a call', () => {
    const { later } = googleConversions
    const statusOf = (requestStatus: string, errorCounts: unknown[] = [], recordCount: unknown = '10') =>
      later?.readStatus(
        responseOf({
          body: {
            requestStatusPerDestination: [
              { requestStatus, errorInfo: { errorCounts }, eventsIngestionStatus: { recordCount } },
            ],
          },
        }),
      )

    it('by its id', () => {
      const request = later?.status({ baseUrl: 'https://google.example', version: 'v1' }, 'a/b', 'token')
      expect(request).toMatchObject({
        method: 'GET',
        url: 'https://google.example/v1/requestStatus:retrieve?requestId=a%2Fb',
        headers: { authorization: 'Bearer token' },
      })
    })
    it('while it is processed', () => {
      expect(statusOf('PROCESSING')).toEqual({ is: 'processing' })
      expect(statusOf('REQUEST_STATUS_UNKNOWN')).toEqual({ is: 'processing' })
    })
    it('after a success', () => expect(statusOf('SUCCESS')).toEqual({ is: 'done', taken: 10, failed: [] }))
    it('after a partial success, in which duplicates are not missing', () => {
      const counts = [
        { reason: 'EVENT_TOO_OLD', recordCount: '3' },
        { reason: 'DUPLICATE_TRANSACTION_ID', recordCount: '2' },
      ]
      expect(statusOf('PARTIAL_SUCCESS', counts)).toEqual({
        is: 'done',
        taken: 7,
        failed: [{ reason: 'EVENT_TOO_OLD', count: 3 }],
      })
      expect(statusOf('FAILED', [{ reason: 'DUPLICATE_GCLID', recordCount: 10 }])).toEqual({
        is: 'done',
        taken: 10,
        failed: [],
      })
    })
    it('and counts no event as delivered where Google gives no counts', () => {
      expect(statusOf('FAILED')).toMatchObject({ is: 'unavailable' })
      // The guide's word for it.
      expect(statusOf('FAILURE', [{ reason: 'EVENT_TOO_OLD', recordCount: 10 }])).toMatchObject({
        is: 'done',
        taken: 0,
      })
      expect(statusOf('SUCCESS', [], null)).toMatchObject({ is: 'unavailable' })
      expect(
        later?.readStatus(responseOf({ status: 404, body: { error: { message: 'no such request' } } })),
      ).toEqual({
        is: 'unavailable',
        detail: 'HTTP 404: no such request',
      })
    })
  })
})
