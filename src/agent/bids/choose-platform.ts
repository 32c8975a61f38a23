import { PLATFORMS, type PlatformName } from '../../connectors/index.ts'
import type { Agent } from '../agent.ts'
import { nameFor, type Org } from '../organisations.ts'
import { isGiven, type Payer, scopesOf } from '../scopes.ts'
import { type BidDecision, decide } from './decide.ts'
import type { Candidate } from './decisions.ts'
import type { LtvPrediction } from './predictor.ts'
import type { BidRequest } from './request.ts'

export interface Choice {
  readonly platform: PlatformName
  readonly decision: BidDecision | undefined
  /** The state of each platform when `auto` chose; empty when the caller named a platform. */
  readonly candidates: readonly Candidate[]
}

/**
 * Chooses the platform for a bid. A named platform is taken as it is. For `auto` it is the platform with the highest
 * expected value per unit of money, multiplied by the share of the tightest budget that is left.
 * A platform that cannot take the bid now is chosen only when none can, so that the refusal says why. A platform on
 * which the organisation was not given the campaign is chosen only when there is no other.
 */
export function choosePlatform(
  agent: Agent,
  request: BidRequest,
  predicted: LtvPrediction | undefined,
  payer: Payer,
): Choice {
  const { org } = payer
  if (request.platform !== 'auto') {
    const decision = decide(agent, request, request.platform, predicted, org)
    return { platform: request.platform, decision, candidates: [] }
  }
  const weighed = PLATFORMS.map((platform) => {
    const decision = decide(agent, request, platform, predicted, org)
    return { ...weigh(agent, request, platform, decision, payer), decision }
  })
  const given = weighed.filter(({ platform }) => isGiven(agent.budget, platform, request.campaignId, org))
  const [best] = (given.length > 0 ? given : weighed).toSorted((a, b) => rank(b) - rank(a))
  if (!best) throw new Error('no platform is configured')
  const candidates = weighed.map(({ decision: _, ...candidate }) => candidate)
  return { platform: best.platform, decision: best.decision, candidates }
}

const rank = ({ score, excluded }: Candidate): number =>
  excluded === undefined ? 1 + score : score / (1 + score)

function weigh(
  agent: Agent,
  request: BidRequest,
  platform: PlatformName,
  decision: BidDecision | undefined,
  payer: Payer,
): Candidate {
  const { org } = payer
  if (!isGiven(agent.budget, platform, request.campaignId, org))
    return { platform, score: 0, excluded: 'your organisation was given no campaign of that id there' }
  if (!decision) return { platform, score: 0, excluded: 'no lifetime values seen yet' }
  if (decision.bid === 0) return { platform, score: 0, excluded: 'the bid comes to nothing' }
  const scopes = scopesOf(agent.budget, platform, request.campaignId, payer)
  const score = (expectedValue(agent, platform, decision) / decision.bid) * roomShare(agent, scopes)
  const excluded = exclusion(agent, request, platform) ?? budgetExclusion(agent, scopes, decision, org)
  return { platform, score, excluded }
}

const expectedValue = ({ fallback }: Agent, platform: PlatformName, { predictedLtv }: BidDecision): number =>
  fallback.worth(platform, predictedLtv)

function exclusion({ connectors }: Agent, request: BidRequest, platform: PlatformName): string | undefined {
  const { breaker, auth, currency, limiter } = connectors[platform].status()
  if (breaker.is === 'open') return 'its circuit breaker is open'
  if (auth.is === 'none') return 'no credentials are configured for it'
  if (auth.is === 'lost') return 'it refuses our credentials'
  if (request.currency !== undefined && request.currency !== currency) return `it is kept in ${currency}`
  if (limiter.isPaused) return 'it has asked for a pause'
  if (limiter.remaining === 0) return 'its rate limit is used up'
  return undefined
}

type Scopes = ReturnType<typeof scopesOf>

function budgetExclusion(
  { budget }: Agent,
  scopes: Scopes,
  { bid }: BidDecision,
  org: Org,
): string | undefined {
  const veto = budget.canSpend(scopes, bid)
  if (!veto) return undefined
  if (veto.is === 'over_budget') return `${nameFor(org, veto.scope)} has no room`
  if (veto.is === 'store_away') return 'its budgets cannot be asked'
  return org === undefined ? `bidding is stopped: ${veto.reason}` : 'bidding is stopped'
}

/** Share of the tightest limit that is still free, 0 to 1; 1 without limits. */
function roomShare({ budget }: Agent, scopes: Scopes): number {
  const shares = scopes.flatMap((scope) =>
    budget.stats(scope).limits.map(({ utilization }) => 1 - utilization),
  )
  return Math.max(0, Math.min(1, ...shares))
}
