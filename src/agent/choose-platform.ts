import { PLATFORMS, type PlatformName } from '../platforms/index.ts'
import { type Agent, scopesOf } from './agent.ts'
import type { BidRequest } from './bid-request.ts'
import { type Decision, decide } from './decide.ts'
import type { Candidate } from './decisions.ts'
import type { Prediction } from './predictor.ts'

export interface Choice {
  readonly platform: PlatformName
  readonly decision: Decision | undefined
  /** How every platform stood; empty when the caller named one. */
  readonly candidates: readonly Candidate[]
}

/**
 * The platform for a bid: the one named, or for `auto` the one where the money buys the most expected value, weighed
 * by the share of the budget that is left there. A platform that could not take the bid now is chosen only when none
 * could, so that the answer says why.
 */
export function choosePlatform(agent: Agent, request: BidRequest, predicted: Prediction | undefined): Choice {
  if (request.platform !== 'auto') {
    const decision = decide(agent, request, request.platform, predicted)
    return { platform: request.platform, decision, candidates: [] }
  }
  const weighed = PLATFORMS.map((platform) => {
    const decision = decide(agent, request, platform, predicted)
    return { ...weigh(agent, request, platform, decision), decision }
  })
  const [best] = weighed.toSorted((a, b) => rank(b) - rank(a))
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
  decision: Decision | undefined,
): Candidate {
  if (!decision) return { platform, score: 0, excluded: 'no lifetime values seen yet' }
  if (decision.bid === 0) return { platform, score: 0, excluded: 'the bid comes to nothing' }
  const scopes = scopesOf(agent.budget, platform, request.campaignId)
  const score = (expectedValue(agent, platform, decision) / decision.bid) * roomShare(agent, scopes)
  const excluded = exclusion(agent, request, platform) ?? budgetExclusion(agent, scopes, decision)
  return { platform, score, excluded }
}

const expectedValue = ({ fallback }: Agent, platform: PlatformName, { predictedLtv }: Decision): number =>
  fallback.worth(platform, predictedLtv)

function exclusion({ connectors }: Agent, request: BidRequest, platform: PlatformName): string | undefined {
  const { breaker, auth, currency, limiter } = connectors[platform].status()
  if (breaker.is === 'open') return 'its circuit breaker is open'
  if (auth.is === 'lost') return 'it refuses our credentials'
  if (request.currency !== undefined && request.currency !== currency) return `it is kept in ${currency}`
  if (limiter.remaining === 0) return 'its rate limit is used up'
  return undefined
}

type Scopes = ReturnType<typeof scopesOf>

function budgetExclusion({ budget }: Agent, scopes: Scopes, { bid }: Decision): string | undefined {
  const veto = budget.canSpend(scopes, bid)
  if (!veto) return undefined
  if (veto.is === 'over_budget') return `${veto.scope.name} has no room`
  return veto.is === 'store_away' ? 'its budgets cannot be asked' : `bidding is stopped: ${veto.reason}`
}

/** Share of the tightest limit that is still free, 0..1; 1 without limits. */
function roomShare({ budget }: Agent, scopes: Scopes): number {
  const shares = scopes.flatMap((scope) =>
    budget.stats(scope).limits.map(({ utilization }) => 1 - utilization),
  )
  return Math.max(0, Math.min(1, ...shares))
}
