import { describe } from 'vitest'
import { googleAds } from '../../platforms/index.ts'
import { playCases } from '../cases.test-support.ts'
import { createGoogleAdsConnector } from './index.ts'

const url = 'https://googleads.example'
const cases = new URL('./cases.json', import.meta.url)

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
