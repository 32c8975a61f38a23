import type { Clock } from '../clock.ts'
import type { HttpClient } from '../http.ts'
import type { Failure } from '../outcome.ts'
import { googleAds, meta, type Platform, type PlatformName, tradeDesk } from '../platforms/index.ts'
import type { Called, RateLimiter } from '../shield/index.ts'
import type { GoogleAdsAccount } from './accounts.ts'
import type { Connector } from './connector.ts'
import type { PlatformSettings, Target } from './factory.ts'
import { createGoogleAdsConnector } from './google-ads/index.ts'
import { createMetaConnector } from './meta/index.ts'
import { createOperations, type Operations } from './operations.ts'
import { createRunner } from './runner.ts'
import { fixedToken, refreshedToken, type TokenSource } from './tokens.ts'
import { createTradeDeskConnector } from './tradedesk/index.ts'

export interface WireDeps {
  readonly clock: Clock
  readonly http: HttpClient
  readonly settings: PlatformSettings
  readonly limiter: RateLimiter
  readonly onRequest: (outcome: string, latencyMs: number) => void
}

/** Joins a platform's connector with its credentials and the network. */
export function wireOperations(target: Target, deps: WireDeps): Operations {
  const { clock, settings } = deps
  const { currency, timeoutMs } = settings
  const join = <Memo>(platform: Platform, connector: Connector<Memo>, tokens: TokenSource): Operations =>
    createOperations(deps.clock, connector, createRunner({ ...deps, platform, tokens, timeoutMs }))

  switch (target.type) {
    case 'google_ads':
    case 'google_ads_smart': {
      const { account } = target
      if (!account) return withoutAccount('google_ads')
      return join(googleAds, createGoogleAdsConnector(account, currency), googleTokens(clock, account))
    }
    case 'meta':
    case 'meta_smart': {
      const { account } = target
      if (!account) return withoutAccount('meta')
      return join(meta, createMetaConnector(account, currency), fixedToken(account.accessToken))
    }
    case 'tradedesk':
    case 'tradedesk_smart': {
      const { account } = target
      if (!account) return withoutAccount('tradedesk')
      return join(tradeDesk, createTradeDeskConnector(account, currency), fixedToken(account.apiKey))
    }
  }
}

function googleTokens(clock: Clock, { auth, oauthUrl }: GoogleAdsAccount): TokenSource {
  return auth.is === 'access_token'
    ? fixedToken(auth.accessToken)
    : refreshedToken(clock, { ...auth, tokenUrl: oauthUrl })
}

/** A platform that is not configured: every call is refused before it could be made. */
function withoutAccount(platform: PlatformName): Operations {
  const failure: Failure = { is: 'auth_lost', detail: `no credentials are configured for ${platform}` }
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
