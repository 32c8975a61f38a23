import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import type { HttpRequest } from '../../http/http.ts'
import { micros } from '../../money.ts'
import type { Outcome } from '../../outcome.ts'
import { RateLimiter } from '../../shield/index.ts'
import type { Protocol } from '../platform/answer.ts'
import type { BidConnector, BidIntent } from '../platform/bids.ts'
import { createRunner } from './runner.ts'

/** One example: the operation, the expected requests with the platform's answers, and the expected outcome. */
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
    /** `METHOD address` without the connector's base address, and the expected content of the body. */
    readonly send: string
    readonly body?: unknown
    /** Headers that the request must have. */
    readonly headers?: Record<string, string>
    readonly answer: { readonly status?: number; readonly body?: unknown; readonly text?: string }
  }[]
  /** Compared only by the members given here. */
  readonly outcome: unknown
  /** The memo that an accepted bid leaves. */
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

/** Runs one test per example of the JSON file beside the caller, through the real runner and error table. */
export function playCases<Memo>(
  file: URL,
  baseUrl: string,
  protocol: Protocol,
  create: (settings: Record<string, string>) => BidConnector<Memo>,
): void {
  const cases: (Case<Memo> & { readonly with?: Record<string, string> })[] = JSON.parse(
    readFileSync(file, 'utf8'),
  )
  it.each(cases.map((example) => [example.title, example] as const))('%s', async (_title, example) => {
    expect(await play(example, baseUrl, protocol, create(example.with ?? {}))).toMatchObject(
      Object(example.outcome),
    )
  })
}

async function play<Memo>(
  example: Case<Memo>,
  baseUrl: string,
  protocol: Protocol,
  connector: BidConnector<Memo>,
): Promise<Outcome<unknown>> {
  const clock = new FakeClock()
  const left = [...example.exchange]
  const run = createRunner({
    clock,
    protocol,
    limiter: new RateLimiter(clock, { calls: 1000, windowMs: 60_000 }),
    timeoutMs: 1000,
    checkGrant: () => connector.checkGrant(),
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
  connector: BidConnector<Memo>,
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
    // JSON has no undefined.
    return outcome.is === 'accepted' ? { ...outcome, value: outcome.value ?? null } : outcome
  }
  if ('updateCampaignBudget' in asked) {
    const [campaignId, budget] = asked.updateCampaignBudget
    return (await run(connector.updateCampaignBudget(campaignId, micros(budget)), 'bid')).outcome
  }
  return (await run(connector.setCampaignStatus(...asked.setCampaignStatus), 'lowering')).outcome
}

/** A request in the form of the examples: forms and queries as objects, nested JSON parsed. */
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
