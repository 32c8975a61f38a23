import { type Connectors, newBidId, scopesOf } from './agent/index.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import { accountId } from './config-accounts.ts'
import {
  createConnector,
  type SmartConnector,
  type SmartConnectorDeps,
  type Verification,
} from './connectors/index.ts'
import type { HttpClient } from './http.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import { PLATFORMS, type PlatformName, sunsetOf } from './platforms/index.ts'
import type { Sandbox } from './sandbox/index.ts'
import { sandboxAccounts } from './sandbox-wiring.ts'
import type { BudgetManager, CallLimits } from './shield/index.ts'

/** What talking to platforms takes, built by `main.ts`. */
export interface PlatformParts {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly http: HttpClient
  readonly budget: BudgetManager
  readonly callLimits: CallLimits
  /** Plays the platforms in mock mode. */
  readonly sandbox: Sandbox | undefined
  /** Told what reading a bid of unknown outcome back has shown. */
  readonly onVerified: (bidId: string, verification: Verification) => void
}

/** A connector per platform; in live mode the log soon says whether each of them accepts us. */
export function connectPlatforms(config: Config, parts: PlatformParts): Connectors {
  const { clock, log, metrics, http, budget, callLimits, sandbox, onVerified } = parts
  const accounts = sandbox ? sandboxAccounts(sandbox, config) : config.accounts
  const connect = (platform: PlatformName): SmartConnectorDeps => ({
    clock,
    http,
    budget,
    settings: config.platforms[platform],
    limiter: callLimits.of(platform, accountId(platform, accounts), config.platforms[platform].rateLimit),
    scopesOf: (campaignId) => scopesOf(budget, platform, campaignId),
    newId: newBidId,
    onRequest: (outcome, latencyMs) =>
      metrics.platformLatency.observe({ platform, outcome }, latencyMs / 1000),
    onBreakerChange: (from, to) => {
      metrics.breakerTransitions.inc({ platform, from, to })
      log.warn({ platform, from, to }, 'circuit breaker')
    },
    onVerified: ({ decisionId }, verification) => onVerified(decisionId, verification),
  })
  warnOfSunsets(config, clock, log)
  const connectors: Connectors = {
    google_ads: createConnector(
      { type: 'google_ads_smart', account: accounts.google_ads },
      connect('google_ads'),
    ),
    meta: createConnector({ type: 'meta_smart', account: accounts.meta }, connect('meta')),
    tradedesk: createConnector(
      { type: 'tradedesk_smart', account: accounts.tradedesk },
      connect('tradedesk'),
    ),
  }
  if (config.mode === 'live')
    for (const platform of PLATFORMS) checkCredentials(connectors[platform], platform, log)
  return connectors
}

const DAY_MS = 86_400_000

/** An API version that is gone, or will be within 30 days, is worth a line at every start. */
function warnOfSunsets({ versions }: Config, clock: Clock, log: Logger): void {
  for (const [platform, version] of [
    ['google_ads', versions.googleAds] as const,
    ['meta', versions.meta] as const,
  ]) {
    const sunset = sunsetOf(platform, version)
    if (sunset.is !== 'dated' || Date.parse(sunset.endsOn) - clock.nowMs() > 30 * DAY_MS) continue
    log.warn({ platform, version, endsOn: sunset.endsOn }, 'this version of the API ends, or has ended')
  }
}

/** Says in the log at once whether a platform accepts us; a bid would find out too. Never rejects. */
async function checkCredentials(
  connector: SmartConnector,
  platform: PlatformName,
  log: Logger,
): Promise<void> {
  const outcome = await connector.connect()
  if (outcome.is === 'accepted') log.info({ platform, account: outcome.value.account }, 'connected')
  else log.warn({ platform, outcome: outcome.is, detail: outcome.detail }, 'not connected')
}
