import { type Connectors, newBidId, scopesOf } from '../agent/index.ts'
import { accountId } from '../config/accounts.ts'
import type { Config } from '../config/config.ts'
import {
  createConnector,
  PLATFORMS,
  type PlatformName,
  type SmartConnector,
  type SmartConnectorDeps,
  sunsetOf,
  type Verification,
} from '../connectors/index.ts'
import type { HttpClient } from '../http/http.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Tell } from '../notify/index.ts'
import type { Sandbox } from '../sandbox/index.ts'
import type { BudgetManager, CallLimits } from '../shield/index.ts'
import type { Clock } from '../time/clock.ts'
import { sandboxAccounts } from './sandbox-options.ts'

/** The parts that connectors need; `main.ts` builds them. */
export interface PlatformParts {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly http: HttpClient
  readonly budget: BudgetManager
  readonly callLimits: CallLimits
  /** The sandbox that plays the platforms in mock mode. */
  readonly sandbox: Sandbox | undefined
  readonly tell: Tell
  /** Called with the result of reading back a bid whose outcome was unknown. */
  readonly onVerified: (bidId: string, verification: Verification) => void
}

/** Makes a connector per platform. In live mode it also checks the credentials of each and logs the result. */
export function connectPlatforms(config: Config, parts: PlatformParts): Connectors {
  const { clock, log, metrics, http, budget, callLimits, sandbox, onVerified, tell } = parts
  const accounts = sandbox ? sandboxAccounts(sandbox, config) : config.accounts
  const connect = (platform: PlatformName): SmartConnectorDeps => ({
    clock,
    http,
    budget,
    settings: config.platforms[platform],
    limiter: callLimits.of(platform, accountId(platform, accounts), config.platforms[platform].rateLimit),
    scopesOf: (campaignId, payer) => scopesOf(budget, platform, campaignId, payer),
    newId: newBidId,
    onRequest: (outcome, latencyMs) =>
      metrics.platformLatency.observe({ platform, outcome }, latencyMs / 1000),
    onBreakerChange: (from, to) => {
      metrics.breakerTransitions.inc({ platform, from, to })
      log.warn({ platform, from, to }, 'circuit breaker')
      // Only changes to or from `closed` are reported; while a probe is undecided, calls are still stopped.
      if (to === 'closed' || from === 'closed')
        tell({ kind: 'breaker_changed', subject: platform, data: { platform, state: to } })
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
    for (const platform of PLATFORMS)
      if (accounts[platform]) checkCredentials(connectors[platform], platform, log)
  return connectors
}

const DAY_MS = 86_400_000

/** Logs a warning for every API version that has ended or ends within 30 days. */
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

/** Checks the credentials at a platform and logs the result, instead of waiting for the first bid. Never rejects. */
async function checkCredentials(
  connector: SmartConnector,
  platform: PlatformName,
  log: Logger,
): Promise<void> {
  const outcome = await connector.connect()
  if (outcome.is === 'accepted') log.info({ platform, account: outcome.value.account }, 'connected')
  else log.warn({ platform, outcome: outcome.is, detail: outcome.detail }, 'not connected')
}
