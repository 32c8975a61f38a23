import { AppError } from '../../errors.ts'
import { parseJson } from '../../json/json.ts'
import type { Logger } from '../../log.ts'
import { type Entry, type Records, RecordsUnavailable, type Recovered } from '../../storage/index.ts'
import { Slices } from '../../time/slices.ts'
import { type Bidder, mayUse } from './bidder.ts'
import { campaignBody } from './campaign-body.ts'
import { CampaignSpec, type PreparedCampaign } from './openrtb/index.ts'

/**
 * Records a campaign, so that a restart restores it. Resolves at once where records do not survive the process. Rejects
 * with an AppError `records_unavailable`; the campaign is then in force until a restart.
 */
export const keepCampaign = (records: Records, campaign: PreparedCampaign): Promise<void> =>
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

/**
 * Restores the campaigns of earlier starts, in slices, so that answers of the store are handled in between and do not
 * time out. A campaign that this version cannot read, or whose seat no longer exists, is skipped with a warning.
 */
export async function restoreCampaigns(
  bidder: Bidder,
  log: Logger,
  { campaigns }: Pick<Recovered, 'campaigns'>,
): Promise<void> {
  const slices = new Slices()
  for (const { id, text } of campaigns) {
    if (slices.isOver) await slices.next()
    const { id: _, ...said } = parseJson(text)
    const spec = CampaignSpec.safeParse(said)
    if (spec.success && mayUse(bidder.seats.get(spec.data.seat), id))
      bidder.applyUpdate({ put: 'campaign', id, spec: spec.data })
    else
      log.warn({ campaign: id, detail: spec.error?.message ?? 'its seat is gone' }, 'campaign not restored')
  }
}
