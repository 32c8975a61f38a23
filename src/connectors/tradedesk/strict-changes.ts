import { z } from 'zod'
import { MAX_UNITS } from '../../money.ts'
import { type Changed, written } from '../platform/campaigns.ts'
import { at } from '../platform/json.ts'
import { type AskTalk, ask, WRITES } from '../platform/steps.ts'
import type { TradeDeskMoney } from './api.ts'
import { campaign, writeCampaign } from './requests.ts'

const ShownCampaign = z.object({
  CampaignId: z.string(),
  CampaignName: z.string().nullish(),
  Availability: z.string().nullish(),
  DailyBudget: z.object({ Amount: z.number().min(0).max(MAX_UNITS), CurrencyCode: z.string() }).nullish(),
})
type ShownCampaign = z.output<typeof ShownCampaign>

/** The properties of a campaign that a change sets, by their names in the API. */
export interface WantedCampaign {
  readonly CampaignName?: string
  readonly Availability?: 'Available' | 'Paused'
  readonly DailyBudget?: TradeDeskMoney
}

/**
 * Changes a campaign in The Trade Desk's strict mode; without it, an unknown property would get a 200 and change nothing.
 * The change is done when the answer shows the wanted values. The answer may be empty or lag behind; then the campaign
 * is read back, and has to show them. Old values do not prove that nothing was changed, because the change may show
 * later: the outcome is then unknown.
 */
export function* changeAndReadBack(api: string, id: string, wanted: WantedCampaign): AskTalk<Changed> {
  const echo = yield* written(writeCampaign(api, 'PUT', { CampaignId: id, ...wanted }))
  if (echo !== undefined && shows(campaignIn(echo, id), wanted)) return { id }
  if (!shows(yield* readCampaign(api, id), wanted)) throw notShown(id)
  return { id }
}

/** A campaign as The Trade Desk shows it now. */
export function* readCampaign(api: string, id: string): AskTalk<ShownCampaign> {
  return campaignIn(yield* ask(campaign(api, id), WRITES), id)
}

/** The answer to the creation of a campaign has to show everything that was wanted. */
export function shownAsNew(answer: unknown, wanted: WantedCampaign): Changed {
  const made = ShownCampaign.parse(answer)
  if (!shows(made, wanted)) throw notShown(made.CampaignId)
  return { id: made.CampaignId }
}

function campaignIn(answer: unknown, id: string): ShownCampaign {
  const shown = ShownCampaign.parse(answer)
  if (shown.CampaignId !== id) throw new Error(`the answer is about the campaign ${shown.CampaignId}`)
  return shown
}

const notShown = (id: string): Error => new Error(`campaign ${id} is not shown as it was asked for`)

/** Whether `shown` contains everything in `wanted`; it may contain more. */
function shows(shown: unknown, wanted: unknown): boolean {
  if (wanted === null || typeof wanted !== 'object') return shown === wanted
  return Object.entries(wanted).every(([key, value]) => shows(at(shown, key), value))
}
