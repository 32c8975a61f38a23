import { type Accounts, noticeUrl } from '../config/accounts.ts'
import type { Config } from '../config/config.ts'
import type { Sandbox } from '../sandbox/index.ts'
import type { Clock } from '../time/clock.ts'

/** The sandbox's options from the configuration. */
export function sandboxOptions({ sandboxPort, sandboxReportMs, platforms }: Config, clock: Clock) {
  const currencies = {
    google_ads: platforms.google_ads.currency,
    meta: platforms.meta.currency,
    tradedesk: platforms.tradedesk.currency,
  }
  return { port: sandboxPort, clock, currencies, reportMs: sandboxReportMs }
}

/** The accounts that the sandbox plays. */
export function sandboxAccounts({ urls, credentials }: Sandbox, config: Config): Accounts {
  const { versions, advertiserDomain } = config
  const { clientId, clientSecret, refreshToken, customerId } = credentials.googleAds
  return {
    google_ads: {
      url: urls.googleAds,
      oauthUrl: urls.googleOauth,
      version: versions.googleAds,
      customerId,
      loginCustomerId: undefined,
      developerToken: undefined,
      auth: { is: 'refresh_token', clientId, clientSecret, refreshToken },
    },
    meta: { url: urls.meta, version: versions.meta, ...credentials.meta, appSecret: undefined },
    tradedesk: {
      url: urls.tradedesk,
      bidUrl: urls.tradedeskBid,
      ...credentials.tradedesk,
      noticeUrl: noticeUrl(config.publicUrl),
      advertiserDomain,
    },
  }
}
