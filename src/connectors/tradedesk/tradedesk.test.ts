import { describe } from 'vitest'
import { tradeDesk } from '../../platforms/index.ts'
import { playCases } from '../cases.test-support.ts'
import { createTradeDeskConnector } from './index.ts'

const url = 'https://ttd.example'
const cases = new URL('./cases.json', import.meta.url)

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
