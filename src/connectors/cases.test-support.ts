import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import type { HttpRequest } from '../http.ts'
import { micros } from '../money.ts'
import type { Outcome } from '../outcome.ts'
import type { Platform } from '../platforms/index.ts'
import { RateLimiter } from '../shield/index.ts'
import type { BidIntent, Connector } from './connector.ts'
import { createRunner } from './runner.ts'

/** One example: what is asked, what must be sent, what the platform answers, what it comes to. */
export interface Case<Memo> {
  readonly title: string
  readonly do:
    | { readonly connect: true }
    | { readonly placeBid: Partial<BidIntent>; readonly memo?: Memo }
    | { readonly verifyBid: Partial<BidIntent>; readonly memo?: Memo }
    | { readonly readCampaignBudget: string }
    | { readonly updateCampaignBudget: readonly [campaignId: string, dailyBudget: number] }
    | { readonly setCampaignStatus: readonly [campaignId: string, status: 'active' | 'paused'] }
  readonly exchange: readonly {
    /** `METHOD address`, the connector's base address left out, and what the body must say. */
    readonly send: string
    readonly body?: unknown
    /** Headers that must be there. */
    readonly headers?: Record<string, string>
    readonly answer: { readonly status?: number; readonly body?: unknown; readonly text?: string }
  }[]
  /** Compared by what is named here. */
  readonly outcome: unknown
  /** What an accepted bid leaves behind. */
  readonly leaves?: Memo
}

const usual: BidIntent = {
  decisionId: 'd1',
  campaignId: '333',
  customerId: 'CUST_001',
  bid: micros(2_500_000),
  predictedLtv: micros(8_000_000),
  confidence: 0.9,
  source: 'ai',
  currency: 'USD',
}

/** A test per example of the JSON file beside the caller, played through the real runner and error table. */
export function playCases<Memo>(
  file: URL,
  baseUrl: string,
  platform: Platform,
  create: (settings: Record<string, string>) => Connector<Memo>,
): void {
  const cases: (Case<Memo> & { readonly with?: Record<string, string> })[] = JSON.parse(
    readFileSync(file, 'utf8'),
  )
  it.each(cases.map((example) => [example.title, example] as const))('%s', async (_title, example) => {
    expect(await play(example, baseUrl, platform, create(example.with ?? {}))).toMatchObject(
      Object(example.outcome),
    )
  })
}

async function play<Memo>(
  example: Case<Memo>,
  baseUrl: string,
  platform: Platform,
  connector: Connector<Memo>,
): Promise<Outcome<unknown>> {
  const clock = new FakeClock()
  const left = [...example.exchange]
  const run = createRunner({
    clock,
    platform,
    limiter: new RateLimiter(clock, { calls: 1000, windowMs: 60_000 }),
    timeoutMs: 1000,
    tokens: { get: async () => token, renew: async () => ({ is: 'auth_lost', detail: 'no fresh token' }) },
    onRequest: () => {},
    http: {
      async send(request) {
        const turn = left.shift()
        expect(turn, `nothing more was to be sent than ${request.url}`).toBeDefined()
        expect(seen(request, baseUrl)).toEqual({ send: turn?.send, body: turn?.body })
        expect(request.headers).toMatchObject(turn?.headers ?? {})
        const { status = 200, body, text } = turn?.answer ?? {}
        const response = {
          status,
          headers: {},
          body: text ?? (body === undefined ? '' : JSON.stringify(body)),
        }
        return { is: 'answered', response, latencyMs: 1 }
      },
      close: async () => {},
    },
  })
  const outcome = await converse(example, connector, run)
  expect(left, 'all of these were to be sent').toEqual([])
  return outcome
}

const token = { is: 'token', accessToken: 'secret' } as const

async function converse<Memo>(
  { do: asked, leaves }: Case<Memo>,
  connector: Connector<Memo>,
  run: ReturnType<typeof createRunner>,
): Promise<Outcome<unknown>> {
  if ('connect' in asked) return (await run(connector.connect(), 'read')).outcome
  if ('placeBid' in asked) {
    const { outcome } = await run(connector.placeBid({ ...usual, ...asked.placeBid }, asked.memo), 'bid')
    if (leaves !== undefined) expect(outcome).toMatchObject({ value: { memo: leaves } })
    return outcome
  }
  if ('verifyBid' in asked) {
    if (!connector.verifyBid) throw new Error('this connector cannot verify')
    return (await run(connector.verifyBid({ ...usual, ...asked.verifyBid }, asked.memo), 'bid')).outcome
  }
  if ('readCampaignBudget' in asked) {
    const { outcome } = await run(connector.readCampaignBudget(asked.readCampaignBudget), 'read')
    // JSON cannot say undefined.
    return outcome.is === 'accepted' ? { ...outcome, value: outcome.value ?? null } : outcome
  }
  if ('updateCampaignBudget' in asked) {
    const [campaignId, budget] = asked.updateCampaignBudget
    return (await run(connector.updateCampaignBudget(campaignId, micros(budget)), 'bid')).outcome
  }
  return (await run(connector.setCampaignStatus(...asked.setCampaignStatus), 'lowering')).outcome
}

/** A request as the examples write it: forms and queries as objects, nested JSON opened. */
function seen({ method, url, body }: HttpRequest, baseUrl: string) {
  const { pathname, searchParams } = new URL(url)
  const path = url.startsWith(baseUrl) ? pathname : url
  const query = [...searchParams].map(([name, value]) => `${name}=${value}`).join('&')
  return { send: `${method} ${path}${query && `?${query}`}`, body: opened(body) }
}

function opened(body: string | undefined): unknown {
  if (body === undefined || body.startsWith('{')) return body && JSON.parse(body)
  const fields = [...new URLSearchParams(body)]
  return Object.fromEntries(
    fields.map(([name, value]) => [name, /^[[{]/.test(value) ? JSON.parse(value) : value]),
  )
}
