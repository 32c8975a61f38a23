import { describe } from 'vitest'
import { playCases } from '../bidding/cases.test-support.ts'
import { googleAds } from './api.ts'
import { createGoogleAdsConnector } from './bid.ts'

const url = 'https://googleads.example'
const cases = new URL('./bid-cases.json', import.meta.url)

describe('the Google Ads connector', () => {
  playCases(cases, url, googleAds, ({ currency = 'USD', loginCustomerId, developerToken }) =>
    createGoogleAdsConnector(
      {
        url,
        oauthUrl: 'https://oauth.example/token',
        version: 'v26',
        customerId: '111',
        loginCustomerId,
        developerToken,
        auth: { is: 'access_token', accessToken: 'secret' },
      },
      currency,
    ),
  )
})
