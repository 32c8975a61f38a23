import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { expectSmallMemory, listening, start } from './support/service.ts'

describe('the service as a process', () => {
  it('says where it listens, in what mode, its budgets and one thing to try, which works, keeps memory small, and stops on SIGTERM though the connection is open', async () => {
    const service = start({ PORT: '0' })
    await listening(service)
    expectSmallMemory(service, 0)
    expect(service.output()).toMatch(/mock mode/)
    expect(service.output()).toMatch(/google_ads {2}500 USD in any 10 minutes/)
    const [, url = '', body = ''] = /curl -s (\S+)[\s\S]*-d '([^']+)'/.exec(service.output()) ?? []
    const reply = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    expect(await reply.json()).toMatchObject({ status: 'placed', budget: { spent: 150 } })
    service.child.kill('SIGTERM')
    expect(await once(service.child, 'close')).toEqual([0, null])
  })

  it('names what is missing and exits when live mode has no credentials', async () => {
    const service = start({ PORT: '0', MOCK_MODE: 'false' })
    const [code] = await once(service.child, 'close')
    expect(code).toBe(1)
    expect(service.output()).toContain('META_ACCESS_TOKEN')
    expect(service.output()).toContain('API_KEYS')
  })
})
