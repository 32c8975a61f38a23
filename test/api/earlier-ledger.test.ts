import { once } from 'node:events'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { folder, listening, type Started, start } from '../support/service.ts'

/**
 * A ledger that the service wrote before lines had marks and definitions had their present form: four budgets set, three
 * bids of 12.50 on Google Ads, one of 70.000001 on Meta, a billed auction of 0.002, Trade Desk paused, three
 * campaigns stored and the third of them deleted, which did not free its budget then.
 */
const FIXTURE = 'test/fixtures/ledger-before-marks'

interface Budget {
  readonly scope: string
  readonly paused: boolean
  readonly limits: readonly { kind: string; max: number; spent: number }[]
}

const BEFORE = {
  'platform:google_ads': ['running', 'lifetime', 5000, 37.5],
  'platform:meta': ['running', 'lifetime', 700, 70.000001],
  'platform:openrtb': ['running', 'lifetime', 300, 0.002],
  'platform:tradedesk': ['paused', 'sliding', 600, 0],
  'campaign:google_ads:summer': ['running', 'lifetime', 1000, 37.5],
  'campaign:openrtb:c1': ['running', 'lifetime', 10, 0],
  'campaign:openrtb:c2': ['running', 'lifetime', 20, 0],
  'campaign:openrtb:c3': ['running', 'lifetime', 30, 0],
}

async function figures(url: string): Promise<Record<string, readonly unknown[]>> {
  const { budgets } = (await (await fetch(`${url}/v1/budgets?limit=1000`)).json()) as { budgets: Budget[] }
  const told = budgets.map(({ scope, paused, limits: [limit] }) => {
    const state = paused ? 'paused' : 'running'
    return [scope, [state, limit?.kind, limit?.max, limit?.spent]] as const
  })
  return Object.fromEntries(told)
}

async function stopped({ child }: Started): Promise<void> {
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  await exit
}

it('a ledger of an earlier release is read with all its figures, goes on, and is verified', async () => {
  const data = folder()
  writeFileSync(join(data, 'ledger.db'), gunzipSync(readFileSync(join(FIXTURE, 'ledger.db.gz'))))
  copyFileSync(join(FIXTURE, 'ledger.use'), join(data, 'ledger.use'))
  const environment = { PORT: '0', STORE: 'sqlite', DATA_DIR: data, LOG_LEVEL: 'error' }

  const first = start(environment)
  const url = await listening(first)
  expect(await figures(url)).toMatchObject(BEFORE)
  const bid = {
    customerId: 'customer-1',
    campaignId: 'summer',
    platform: 'google_ads',
    predictedLtv: 1200,
    bidAmount: 12.5,
  }
  const answer = await fetch(`${url}/v1/bids`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(bid),
  })
  expect(answer.status).toBe(200)
  await stopped(first)

  const verified = start({ DATA_DIR: data }, 'ledger', 'verify')
  const [code] = await once(verified.child, 'close')
  expect(code, verified.output()).toBe(0)

  const second = start(environment)
  expect(await figures(await listening(second))).toMatchObject({
    ...BEFORE,
    'platform:google_ads': ['running', 'lifetime', 5000, 50],
    'campaign:google_ads:summer': ['running', 'lifetime', 1000, 50],
  })
  await stopped(second)
})
