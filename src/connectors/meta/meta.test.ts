import { describe } from 'vitest'
import { meta } from '../../platforms/index.ts'
import { playCases } from '../cases.test-support.ts'
import { createMetaConnector } from './index.ts'

const url = 'https://graph.example'
const cases = new URL('./cases.json', import.meta.url)

describe('the Meta connector', () => {
  playCases(cases, url, meta, ({ currency = 'USD', businessId = '22', appSecret }) =>
    createMetaConnector({ url, version: 'v26.0', accessToken: 'secret', businessId, appSecret }, currency),
  )
})
