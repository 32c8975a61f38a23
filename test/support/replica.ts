import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, vi } from 'vitest'
import { parseConfig } from '../../src/config/config.ts'
import { createLog } from '../../src/log.ts'
import { type Service, startService } from '../../src/main.ts'
import { startRedis } from './redis-server.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const BID = {
  customerId: 'CUST_001',
  campaignId: 'c1',
  platform: 'google_ads',
  predictedLtv: 1200,
  bidAmount: 100,
}

/** A private Redis that ends with the test. */
export async function redis() {
  const server = await startRedis()
  onTestFinished(() => server.close())
  return server
}

/** Starts a service as whatever looks after a process does: one that could not start, since Redis was slow, is started again. */
export const startAgain = (start: () => Promise<Service>): Promise<Service> =>
  vi.waitFor(start, { timeout: 45_000 })

/** A process of the service, as far as its budgets are concerned, on the machine's time, which Redis compares with its own. */
export async function startReplica(redisUrl: string, environment: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const config = parseConfig({
    PORT: '0',
    DATA_DIR: folder,
    REDIS_URL: redisUrl,
    NOTICE_SECRET: 'shared by all processes, 32 chars',
    OPENRTB_SHED_ABOVE_MS: '10000',
    ...environment,
  })
  const logged: { msg: string; detail?: string }[] = []
  const log = createLog('warn', { write: (line) => logged.push(JSON.parse(line)) })
  const service = await startAgain(() => startService(config, { log }))
  onTestFinished(() => service.stop())
  const send = async (method: string, path: string, body?: unknown) => {
    const reply = await fetch(service.url + path, {
      method,
      ...(body !== undefined && { headers: JSON_TYPE, body: JSON.stringify(body) }),
    })
    const text = await reply.text()
    return { status: reply.status, body: text.startsWith('{') ? JSON.parse(text) : text }
  }
  return {
    service,
    /** Warnings and errors. */
    logged,
    send,
    get: (path: string) => send('GET', path),
    bid: () => send('POST', '/v1/bids', BID),
    /** Asked until it is heard: behind a line that a test will cut, Redis is given up on after a moment. */
    vouch: () =>
      vi.waitFor(
        async () => {
          const reply = await send('POST', '/v1/store/trust', {})
          if (reply.status !== 200) throw new Error(`answered ${JSON.stringify(reply)}`)
          return reply
        },
        { timeout: 45_000 },
      ),
    /** Resolves when the store refuses nothing; another process has vouched for it. */
    ready: () => expect.poll(async () => (await send('GET', '/v1/store')).body.refusing).toEqual([]),
  }
}
