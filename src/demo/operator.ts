import type { FaultRule } from '../sandbox/index.ts'
import { between, oneOf } from './chance.ts'
import { CAMPAIGNS } from './ml-service.ts'
import { call, later, repeat, type Stage } from './stage.ts'

/** Milliseconds between two troubles of platforms, and how long one lasts: least and most. */
const TROUBLE_EVERY_MS = [100_000, 160_000] as const
const TROUBLE_MS = [20_000, 45_000] as const
/** Milliseconds between two acts of the operator (least and most), and how long a campaign stays paused. */
const ACT_EVERY_MS = [60_000, 100_000] as const
const PAUSED_MS = 25_000

/** Limits that the operator gives the exchange's budget in turn, in units: the auctions of the demo use most of each. */
const EXCHANGE_LIMITS = [6, 7, 8] as const
const WINDOW_SECONDS = 600
const EXCHANGE = '/v1/budgets/platform:openrtb'

/** The most that all bids of a day may spend, in units: more than the limits of the platforms allow in an hour. */
const DAY_LIMIT = 20_000

const TROUBLES: readonly [FaultRule, ...FaultRule[]] = [
  { platform: 'meta', times: 'always', fault: { is: 'http', status: 503 } },
  { platform: 'tradedesk', times: 'always', probability: 0.6, fault: { is: 'reset' } },
  { platform: 'google_ads', times: 'always', probability: 0.5, fault: { is: 'latency', ms: 2_500 } },
  { platform: 'tiktok_conversions', times: 'always', fault: { is: 'http', status: 502 } },
  // Meta refuses each event by itself; the deliveries are given up, so that there are dead letters to replay.
  { platform: 'meta_conversions', times: 'always', fault: { is: 'error', name: '100' } },
  { platform: 'bid_manager', times: 'always', fault: { is: 'http', status: 500 } },
]

/** Makes one platform after another fail for a while. */
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

/** Limits the exchange and the day; then, every now and then, pauses a campaign or changes the exchange's limit, with a reason. */
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
