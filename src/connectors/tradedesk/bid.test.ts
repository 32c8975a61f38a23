import { describe } from 'vitest'
import { playCases } from '../bidding/cases.test-support.ts'
import { tradeDesk } from './api.ts'
import { createTradeDeskConnector } from './bid.ts'

const url = 'https://ttd.example'
const cases = new URL('./bid-cases.json', import.meta.url)

describe('the Trade Desk connector', () => {
  playCases(cases, url, tradeDesk, ({ currency = 'USD' }) =>
    createTradeDeskConnector(
      {
        url,
        bidUrl: 'https://bid.example/bid',
        apiKey: 'secret',
        partnerId: 'p1',
        noticeUrl: 'https://notice.example',
        advertiserDomain: 'shop.example',
      },
      currency,
    ),
  )
})
