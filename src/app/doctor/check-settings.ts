import type { Finding } from '../../agent/index.ts'
import type { Config } from '../../config/config.ts'
import { isLoopback } from '../../config/fields.ts'
import { PLATFORMS, sunsetOf } from '../../connectors/index.ts'

const DAY_MS = 86_400_000
/** An API version that ends within this many days is a warning. */
const SUNSET_DAYS = 60

/** Findings from the settings alone: who may call, what is off and why, and which API versions end soon. */
export function checkSettings(config: Config, nowMs: number): Finding[] {
  return [
    { subject: 'mode', state: 'ok', detail: modeOf(config) },
    ...config.doubtfulNames.map(
      (detail): Finding => ({
        subject: 'variables',
        state: 'warning',
        detail,
        advice: 'correct the name, or take it out',
      }),
    ),
    callers(config),
    publicAddress(config),
    ...parts(config),
    ...PLATFORMS.flatMap((platform) => versions(config, platform, nowMs)),
  ]
}

const modeOf = ({ mode }: Config): string =>
  mode === 'mock' ? 'mock: a sandbox plays the platforms, and nothing is spent' : 'live: bids spend money'

function callers({ apiKeys, host, mode }: Config): Finding {
  const subject = 'API keys'
  if (apiKeys.length > 0) {
    const admins = apiKeys.filter(({ scopes }) => scopes.includes('admin'))
    const detail = `${apiKeys.length} in API_KEYS, ${admins.length} with the scope admin`
    return { subject, state: 'ok', detail }
  }
  const detail = `none: whoever reaches ${host} from this machine may do everything`
  return {
    subject,
    state: mode === 'live' ? 'problem' : 'warning',
    detail,
    advice: 'make one by: npm run -s key -- ops admin',
  }
}

function publicAddress({ publicUrl, mode, bidder }: Config): Finding {
  const subject = 'public address'
  const { hostname, protocol } = new URL(publicUrl)
  const answersExchanges = mode === 'live' && bidder.seats.length > 0
  if (answersExchanges && isLoopback(hostname))
    return {
      subject,
      state: 'problem',
      detail: `${publicUrl} is this machine's own: no exchange can tell it of wins and bills`,
      advice: 'set PUBLIC_URL to the address that exchanges reach',
    }
  if (answersExchanges && protocol !== 'https:')
    return {
      subject,
      state: 'warning',
      detail: `${publicUrl} is not https: browsers load no http address from secure pages, so bills are lost`,
      advice: 'put a proxy with TLS before the service, and set PUBLIC_URL to its address',
    }
  return { subject, state: 'ok', detail: publicUrl }
}

/** The optional parts: on, or off and why. */
function parts({ sync, notify, predictorUrl, bidder, workers }: Config): Finding[] {
  const off = (subject: string, detail: string, advice: string): Finding => ({
    subject,
    state: 'off',
    detail,
    advice,
  })
  const on = (subject: string, detail: string): Finding => ({ subject, state: 'ok', detail })
  return [
    sync
      ? on('reading and conversions', 'on')
      : off('reading and conversions', 'there is no key to encrypt credentials with', 'set ENCRYPTION_KEY'),
    notify
      ? on('notifications', `${[...notify.kinds].join(', ')} are sent`)
      : off('notifications', 'no notifications are sent', 'set NOTIFY_URL and NOTIFY_SECRET'),
    predictorUrl
      ? on('predictor', 'asked for bids that bring no prediction')
      : off('predictor', 'bids without a prediction are by the median of past ones', 'set LTV_PREDICTOR_URL'),
    bidder.seats.length > 0
      ? on('exchanges', `${bidder.seats.length} seats; ${workers} workers beside this process`)
      : off('exchanges', 'no seat is configured', 'set OPENRTB_SEATS'),
  ]
}

function versions(
  { versions, accounts, mode }: Config,
  platform: (typeof PLATFORMS)[number],
  nowMs: number,
): Finding[] {
  const version =
    platform === 'google_ads' ? versions.googleAds : platform === 'meta' ? versions.meta : undefined
  if (version === undefined || mode === 'mock' || !accounts[platform]) return []
  const sunset = sunsetOf(platform, version)
  if (sunset.is !== 'dated') return []
  const days = Math.floor((Date.parse(sunset.endsOn) - nowMs) / DAY_MS)
  if (days > SUNSET_DAYS) return []
  return [
    {
      subject: `${platform} API`,
      state: days < 0 ? 'problem' : 'warning',
      detail:
        days < 0
          ? `version ${version} ended on ${sunset.endsOn}`
          : `version ${version} ends on ${sunset.endsOn}`,
      advice: 'take the variable with the version out, which selects the newest that is known',
    },
  ]
}
