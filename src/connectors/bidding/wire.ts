import type { HttpClient } from '../../http/http.ts'
import type { Failure } from '../../outcome.ts'
import type { Called, RateLimiter } from '../../shield/index.ts'
import type { Clock } from '../../time/clock.ts'
import type { TokenSource } from '../conversation/token-source.ts'
import type { BidCredentials, Bids } from '../platform/bids.ts'
import { REGISTRY } from '../registry.ts'
import { createOperations, type Operations } from './operations.ts'
import { createRunner } from './runner.ts'
import { type ConnectorTarget, type PlatformSettings, withoutCredentials } from './target.ts'
import { fixedToken, refreshedToken } from './token-refresh.ts'

export interface WireDeps {
  readonly clock: Clock
  readonly http: HttpClient
  readonly settings: PlatformSettings
  readonly limiter: RateLimiter
  readonly onRequest: (outcome: string, latencyMs: number) => void
}

/**
 * Connects a platform's bids with its credentials and HTTP. Each platform has a case, because only that tells the compiler
 * that an account belongs to its platform.
 */
export function wireOperations(target: ConnectorTarget, deps: WireDeps): Operations {
  switch (target.type) {
    case 'google_ads':
    case 'google_ads_smart':
      return operationsOf(REGISTRY.google_ads.bids, target.account, deps)
    case 'meta':
    case 'meta_smart':
      return operationsOf(REGISTRY.meta.bids, target.account, deps)
    case 'tradedesk':
    case 'tradedesk_smart':
      return operationsOf(REGISTRY.tradedesk.bids, target.account, deps)
  }
}

function operationsOf<Account, Memo>(
  { protocol, credentialsOf, create }: Bids<Account, Memo>,
  account: Account | undefined,
  deps: WireDeps,
): Operations {
  if (account === undefined) return withoutAccount(deps.settings)
  const { clock, settings } = deps
  const connector = create(account, settings.currency)
  const run = createRunner({
    ...deps,
    protocol,
    tokens: tokensOf(clock, credentialsOf(account)),
    timeoutMs: settings.timeoutMs,
    checkGrant: () => connector.checkGrant(),
  })
  return createOperations(clock, connector, run)
}

const tokensOf = (clock: Clock, credentials: BidCredentials): TokenSource =>
  credentials.is === 'access_token' ? fixedToken(credentials.accessToken) : refreshedToken(clock, credentials)

/** Operations of a platform that is not configured: every call is refused. */
function withoutAccount(settings: PlatformSettings): Operations {
  const failure: Failure = { is: 'auth_lost', detail: withoutCredentials(settings) }
  const refuse = async (): Promise<Called<never>> => ({ outcome: failure, verdict: 'neutral', latencyMs: 0 })
  return {
    connect: refuse,
    placeBid: refuse,
    verifyBid: undefined,
    readCampaignBudget: refuse,
    updateCampaignBudget: refuse,
    setCampaignStatus: refuse,
  }
}
