import { describe } from 'vitest'
import { playCases } from '../bidding/cases.test-support.ts'
import { meta } from './api.ts'
import { createMetaConnector } from './bid.ts'

const url = 'https://graph.example'
const cases = new URL('./bid-cases.json', import.meta.url)

describe('the Meta connector', () => {
  playCases(cases, url, meta, ({ currency = 'USD', businessId = '22', appSecret }) =>
    createMetaConnector({ url, version: 'v26.0', accessToken: 'secret', businessId, appSecret }, currency),
  )
})
