import type { FaultRule } from '../sandbox/index.ts'
import { between, oneOf } from './chance.ts'
import { CAMPAIGNS } from './ml-service.ts'
import { call, later, repeat, type Stage } from './stage.ts'

/** Milliseconds between two troubles of platforms, and how long each lasts. */
const TROUBLE_EVERY_MS = [100_000, 160_000] as const
const TROUBLE_MS = [20_000, 45_000] as const
/** Milliseconds between two things that the operator does, and how long a campaign stays paused. */
const ACT_EVERY_MS = [60_000, 100_000] as const
const PAUSED_MS = 25_000

/** The exchange's budget, low enough that a day's auctions use most of it, and between what it is changed; in units. */
const EXCHANGE_LIMITS = [6, 7, 8] as const
const WINDOW_SECONDS = 600
const EXCHANGE = '/v1/budgets/platform:openrtb'

/** What all bids of a day may come to, in units: more than the platforms let be spent in an hour. */
const DAY_LIMIT = 20_000

const TROUBLES: readonly [FaultRule, ...FaultRule[]] = [
  { platform: 'meta', times: 'always', fault: { is: 'http', status: 503 } },
  { platform: 'tradedesk', times: 'always', probability: 0.6, fault: { is: 'reset' } },
  { platform: 'google_ads', times: 'always', probability: 0.5, fault: { is: 'latency', ms: 2_500 } },
  { platform: 'tiktok_conversions', times: 'always', fault: { is: 'http', status: 502 } },
  // Meta refuses events one by one, which are given up until somebody replays them.
  { platform: 'meta_conversions', times: 'always', fault: { is: 'error', name: '100' } },
  { platform: 'bid_manager', times: 'always', fault: { is: 'http', status: 500 } },
]

/** One platform after another has trouble for a while. */
export function playTroubles(stage: Stage): void {
  const { sandbox } = stage
  repeat(
    stage,
    () => between(...TROUBLE_EVERY_MS),
    async () => {
      sandbox.faults.add(oneOf(TROUBLES))
      later(stage, between(...TROUBLE_MS), async () => sandbox.faults.clear())
    },
  )
}

/** Gives the exchange and the day their budgets; then pauses a campaign or changes the budget every now and then, and says why. */
export async function playOperator(stage: Stage): Promise<void> {
  await limitExchange(stage, 'budget of the day')
  await call(stage, 'PUT', '/v1/budgets/global', {
    limits: [{ kind: 'day', timezone: 'Europe/Berlin', max: DAY_LIMIT }],
    reason: 'budget of the day',
  })
  repeat(
    stage,
    () => between(...ACT_EVERY_MS),
    () => oneOf([pauseCampaign, limitExchange])(stage, oneOf(REASONS)),
  )
}

const REASONS: readonly [string, ...string[]] = [
  'landing page down',
  'the weekend is slow',
  'finance asked for it',
  'creative is being replaced',
]

const limitExchange = (stage: Stage, reason: string) =>
  call(stage, 'PUT', EXCHANGE, {
    limits: [{ kind: 'sliding', windowSeconds: WINDOW_SECONDS, max: oneOf(EXCHANGE_LIMITS) }],
    reason,
  })

async function pauseCampaign(stage: Stage, reason: string): Promise<unknown> {
  const scope = `/v1/budgets/campaign:google_ads:${oneOf(CAMPAIGNS)}`
  later(stage, PAUSED_MS, () => call(stage, 'POST', `${scope}/resume`, { reason: 'mended' }))
  return call(stage, 'POST', `${scope}/pause`, { reason })
}
