import { AppError } from '../errors.ts'
import { parseJson } from '../json.ts'
import type { Logger } from '../log.ts'
import { type Entry, type Records, RecordsUnavailable, type Recovered } from '../records/index.ts'
import type { Bidder } from './bidder.ts'
import { campaignBody } from './campaign-body.ts'
import { type Campaign, CampaignSpec } from './openrtb/index.ts'

/** Resolves when a restart will bid for the campaign, or when it cannot be: it is answered, and in force until then. */
export const keepCampaign = (records: Records, campaign: Campaign): Promise<void> =>
  keep(records, { put: 'campaign', id: campaign.id, text: JSON.stringify(campaignBody(campaign)) })

export const forgetCampaign = (records: Records, id: string): Promise<void> =>
  keep(records, { put: 'no_campaign', id })

async function keep(records: Records, entry: Entry): Promise<void> {
  if (!records.lasts) return
  try {
    await records.append([entry])
  } catch (error) {
    if (!(error instanceof RecordsUnavailable)) throw error
    const detail = `The change is in force, but it cannot be recorded now and a restart may not know it: ${error.message}`
    throw new AppError('records_unavailable', detail, 'later')
  }
}

/** Bids for the campaigns of earlier starts. One that this version cannot read, or whose seat is gone, is left out. */
export function restoreCampaigns(
  bidder: Bidder,
  log: Logger,
  { campaigns }: Pick<Recovered, 'campaigns'>,
): void {
  for (const { id, text } of campaigns) {
    const { id: _, ...said } = parseJson(text)
    const spec = CampaignSpec.safeParse(said)
    if (spec.success && bidder.seats.has(spec.data.seat))
      bidder.learn({ put: 'campaign', id, spec: spec.data })
    else
      log.warn({ campaign: id, detail: spec.error?.message ?? 'its seat is gone' }, 'campaign not restored')
  }
}
