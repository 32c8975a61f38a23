import { z } from 'zod'
import { type AccountRef, type PlatformAccount, type ReadTalk, TalkRefused } from '../read-connector.ts'
import { listed } from './pages.ts'
import { advertisers, partners } from './requests.ts'

const Partner = z.object({ PartnerId: z.string() })
const Advertiser = z.object({
  AdvertiserId: z.string(),
  AdvertiserName: z.string().nullish(),
  CurrencyCode: z.string().nullish(),
  Availability: z.string().nullish(),
})

/** Days of a report begin where it is asked for; their entities know no time zone. */
const TIMEZONE = 'UTC'

/** Advertisers below every partner that the token sees, or below the one of the setting `partner_id`. */
export function* listAdvertisers(
  api: string,
  settings: AccountRef['settings'],
): ReadTalk<readonly PlatformAccount[]> {
  const named = settings['partner_id']
  const ids =
    typeof named === 'string' && named !== ''
      ? [named]
      : (yield* listed((start) => partners(api, start), Partner)).map(({ PartnerId }) => PartnerId)
  const found: PlatformAccount[] = []
  for (const id of ids) {
    for (const advertiser of yield* listed((start) => advertisers(api, id, start), Advertiser)) {
      if (advertiser.Availability === 'Archived') continue
      found.push({
        id: advertiser.AdvertiserId,
        name: advertiser.AdvertiserName ?? advertiser.AdvertiserId,
        currency: advertiser.CurrencyCode ?? undefined,
        timezone: TIMEZONE,
      })
    }
  }
  if (found.length === 0) throw new TalkRefused('the token reaches no advertiser')
  return found
}
