import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { redis } from '../support/replica.ts'
import { copyOf, startOn } from '../support/restarts.ts'
import { folder, listening, start } from '../support/service.ts'

const BID = {
  customerId: 'CUST_001',
  campaignId: 'c1',
  platform: 'google_ads',
  predictedLtv: 1200,
  bidAmount: 1,
  explanation: 'x'.repeat(2_000),
}

it('records whose disk fails are opened anew when it works again, and nothing that was answered is lost', async () => {
  const { url: redisUrl } = await redis()
  const directory = folder()
  const environment = { REDIS_URL: redisUrl, NOTICE_SECRET: 'a secret of thirty-two characters' }
  const service = start({ ...environment, PORT: '0', DATA_DIR: directory, GOOGLE_ADS_BUDGET: '100000' })
  const url = await listening(service)
  const ask = async (method: string, path: string, body?: object) => {
    const headers = { 'content-type': 'application/json' }
    const reply = await fetch(url + path, { method, ...(body && { headers, body: JSON.stringify(body) }) })
    const text = await reply.text()
    return { status: reply.status, text, body: text.startsWith('{') ? JSON.parse(text) : undefined }
  }
  const bid = () => ask('POST', '/v1/bids', BID)
  /** A write past so many bytes of a file fails with EFBIG, which is an I/O error to SQLite and no lack of space. */
  const limitFiles = (bytes: string) =>
    execFileSync('prlimit', [`--pid=${service.child.pid}`, `--fsize=${bytes}:unlimited`])
  await ask('POST', '/v1/store/trust', {})
  const noticePaths = async (): Promise<string[]> => {
    const imp = [1, 2].map((id) => ({ id: String(id), banner: { w: 300, h: 250 } }))
    const { body } = await ask('POST', '/openrtb2/example/bid', { id: '1', imp })
    return body.seatbid[0].bid.map(({ burl }: { burl: string }) => `${new URL(burl).pathname}?price=1`)
  }
  const answered: string[] = []
  const firstRefusal = async (): Promise<string> => {
    for (;;) {
      const { status, body } = await bid()
      if (status !== 200) return body.code
      answered.push(body.bidId)
    }
  }
  await expect.poll(async () => (await bid()).status).toBe(200)
  const [burl = '', other = ''] = await noticePaths()
  limitFiles('1000000')

  // One whose platform was called already has an outcome that may not be told.
  expect(['records_unavailable', 'outcome_unknown']).toContain(await firstRefusal())
  expect(answered.length).toBeGreaterThan(3)
  limitFiles('1')
  const readiness = async () => (await ask('GET', '/readyz')).text
  await expect.poll(readiness).toMatch(/^records_unavailable: /)
  const first = await readiness()
  expect(await bid()).toMatchObject({ status: 503, body: { code: 'records_unavailable' } })
  const unrecorded = { status: 503, body: { code: 'records_unavailable', retryAfterMs: 1_000 } }
  expect(await ask('GET', burl)).toMatchObject(unrecorded)
  expect(await ask('POST', other)).toMatchObject(unrecorded)
  // It is tried, and fails in another way, while the disk does.
  await expect.poll(readiness).not.toBe(first)
  expect(await bid()).toMatchObject({ status: 503, body: { code: 'records_unavailable' } })

  limitFiles('unlimited')
  await expect.poll(readiness).toBe('ok')
  const { status, body } = await bid()
  expect(status).toBe(200)
  answered.push(body.bidId)
  expect([(await ask('GET', burl)).status, (await ask('POST', other)).status]).toEqual([200, 200])
  for (const bidId of answered)
    expect((await ask('GET', `/v1/bids/${bidId}`)).body).toMatchObject({ status: 'placed' })

  const killed = await startOn(copyOf(directory), environment)
  for (const bidId of answered)
    expect((await killed.get(`/v1/bids/${bidId}`)).body).toMatchObject({ status: 'placed' })
})
