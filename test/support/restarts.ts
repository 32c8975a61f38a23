import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { parseConfig } from '../../src/config/config.ts'
import { createLog } from '../../src/log.ts'
import { startService } from '../../src/main.ts'
import { type Clock, systemClock } from '../../src/time/clock.ts'
import { aheadOf } from './fake-clock.ts'
import { startAgain } from './replica.ts'

/** A bid that every platform takes. */
export const BID = {
  customerId: 'CUST_001',
  campaignId: 'c1',
  platform: 'google_ads',
  predictedLtv: 1200,
  bidAmount: 10,
}
const SECRET = 'a secret of thirty-two characters'
/** How often a test asks again while it waits. */
export const TRIES = { interval: 50 }

export function temporaryDirectory(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

/** What `kill -9` would leave behind now: the files as other processes see them. */
export function copyOf(directory: string): string {
  const copy = temporaryDirectory()
  const names = readdirSync(directory).filter((name) => /^(ledger|records)\.(use|db|db-wal)$/.test(name))
  // A database before its log: what is copied into it from the log meanwhile is in the log still.
  for (const name of names
    .toSorted()
    .toReversed()
    .toSorted((a, b) => a.length - b.length))
    cpSync(join(directory, name), join(copy, name))
  return copy
}

/** The system's clock, with the wall clock set ahead. */
export const ahead = (byMs: number): Clock => aheadOf(systemClock, byMs)

/** The service with what a directory holds, on the machine's time. */
export async function startOn(
  directory: string,
  environment: Record<string, string> = {},
  clock = systemClock,
) {
  const config = parseConfig({
    PORT: '0',
    DATA_DIR: directory,
    NOTICE_SECRET: SECRET,
    GOOGLE_ADS_BUDGET: '100000',
    OPENRTB_BUDGET: '100000',
    OPENRTB_SHED_ABOVE_MS: '10000',
    PLATFORM_TIMEOUT_SECONDS: '60',
    // A busy machine is slow; what is tested here is not the breaker.
    GOOGLE_ADS_BREAKER: '1/60000/1/1',
    ...environment,
  })
  const begin = () => startService(config, { clock, log: createLog('silent') })
  const service = config.store.is === 'redis' ? await startAgain(begin) : await begin()
  onTestFinished(() => service.stop())
  const { sandbox } = service
  if (!sandbox) throw new Error('these tests run in mock mode')
  const send = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const reply = await fetch(service.url + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await reply.text()
    return { status: reply.status, body: text.startsWith('{') ? JSON.parse(text) : text }
  }
  return {
    service,
    sandbox,
    send,
    get: (path: string) => send('GET', path),
    bid: (fields: object = {}, key?: string) =>
      send('POST', '/v1/bids', { ...BID, ...fields }, key === undefined ? {} : { 'idempotency-key': key }),
    calls: () => sandbox.ledger.requests.filter(({ platform }) => platform === 'google_ads').length,
    stop: () => service.stop(),
  }
}

export type Started = Awaited<ReturnType<typeof startOn>>
