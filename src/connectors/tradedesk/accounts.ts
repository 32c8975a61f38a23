import { z } from 'zod'
import type { AccountRef, PlatformAccount } from '../platform/connector.ts'
import { NothingReached, type Talk, TalkRefused, whereAllowed } from '../platform/steps.ts'
import { listed } from './pages.ts'
import { advertisers, partners } from './requests.ts'

const Partner = z.object({ PartnerId: z.string() })
const Advertiser = z.object({
  AdvertiserId: z.string(),
  AdvertiserName: z.string().nullish(),
  CurrencyCode: z.string().nullish(),
  Availability: z.string().nullish(),
})

/** Time zone of all accounts: reports begin their days in the zone they ask for, and entities have no zone. */
const TIMEZONE = 'UTC'

/** Advertisers below every partner that the token sees, or below the partner in the setting `partner_id`. */
export function* listAdvertisers(
  api: string,
  settings: AccountRef['settings'],
): Talk<readonly PlatformAccount[]> {
  const named = settings['partner_id']
  const ids =
    typeof named === 'string' && named !== ''
      ? [named]
      : (yield* listed((start) => partners(api, start), Partner)).map(({ PartnerId }) => PartnerId)
  if (ids.length === 0) throw new NothingReached('the token reaches no advertiser')
  const found: PlatformAccount[] = []
  const denied: string[] = []
  for (const id of ids) {
    const list = listed((start) => advertisers(api, id, start), Advertiser)
    for (const advertiser of (yield* whereAllowed(list, (detail) => denied.push(detail))) ?? []) {
      if (advertiser.Availability === 'Archived') continue
      found.push({
        id: advertiser.AdvertiserId,
        name: advertiser.AdvertiserName ?? advertiser.AdvertiserId,
        currency: advertiser.CurrencyCode ?? undefined,
        timezone: TIMEZONE,
      })
    }
  }
  if (found.length === 0) throw new TalkRefused(denied[0] ?? 'the token reaches no advertiser')
  return found
}
