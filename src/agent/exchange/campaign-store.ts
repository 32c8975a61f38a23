import { parseJson } from '../../json/json.ts'
import type { Logger } from '../../log.ts'
import type { Entry, Records, Recovered } from '../../storage/index.ts'
import { Slices } from '../../time/slices.ts'
import { kept } from '../kept.ts'
import { type Bidder, mayUse } from './bidder.ts'
import type { BidderUpdate } from './bidder-update.ts'
import { campaignBody } from './campaign-body.ts'
import { CampaignSpec, type PreparedCampaign } from './openrtb/index.ts'

/** Applies a change of a campaign in this process and its workers. */
export type UseUpdate = (update: BidderUpdate) => void | Promise<void>

/**
 * Stores campaigns for later starts, and for other processes if there are any. A change rejects with an AppError
 * `records_unavailable` if it cannot be stored; it is then in force in this process only.
 */
export interface CampaignStore {
  keep(campaign: PreparedCampaign): Promise<void>
  forget(id: string): Promise<void>
  /** Passes every stored campaign to `use` before it resolves. Rejects if they cannot be read. */
  restore(use: UseUpdate): Promise<void>
  /** From now on passes changes by other processes to `use`. */
  watch(use: UseUpdate): void
  close(): void
}

/** The error text when a change of a campaign cannot be stored. */
export const NOT_KEPT = 'The change is in force, but it cannot be recorded now and a restart may not know it'

/** Campaigns in the records of this process. If the records end with the process, so do the campaigns. */
export function recordedCampaigns(
  bidder: Bidder,
  records: Records,
  { campaigns }: Pick<Recovered, 'campaigns'>,
  log: Logger,
): CampaignStore {
  const keep = async (entry: Entry): Promise<void> => {
    if (records.lasts) await kept(NOT_KEPT, () => records.append([entry]))
  }
  return {
    keep: (campaign) => keep({ put: 'campaign', id: campaign.id, text: textOf(campaign) }),
    forget: (id) => keep({ put: 'no_campaign', id }),
    async restore(use) {
      // In slices, so that answers of the store are handled in between and do not time out.
      const slices = new Slices()
      for (const { id, text } of campaigns) {
        if (slices.isOver) await slices.next()
        const update = updateOf(bidder, id, text, log)
        if (update) await use(update)
      }
    },
    watch: () => {},
    close: () => {},
  }
}

export const textOf = (campaign: PreparedCampaign): string => JSON.stringify(campaignBody(campaign))

/**
 * The change that a stored text represents; undefined, with a warning, if this version cannot read it or its seat is
 * gone.
 */
export function updateOf(bidder: Bidder, id: string, text: string, log: Logger): BidderUpdate | undefined {
  const { id: _, ...said } = parseJson(text)
  const spec = CampaignSpec.safeParse(said)
  if (spec.success && mayUse(bidder.seats.get(spec.data.seat), id))
    return { put: 'campaign', id, spec: spec.data }
  log.warn({ campaign: id, detail: spec.error?.message ?? 'its seat is gone' }, 'campaign not restored')
  return undefined
}
