import type { Campaign, CampaignInput, Creative } from '../../api/exchanges.ts'
import { type LimitDraft, limitOf, newDraft } from '../../ui/limit-draft.ts'
import { type CreativeDraft, creativeDraftOf, creativeOf, newCreative } from './creative-draft.ts'
import { objectIn } from './json-object.ts'

/** Most impressions that a frequency cap may allow one user. */
const MAX_CAP_IMPRESSIONS = 100
/** Longest time of a frequency cap, in minutes: 30 days. */
const MAX_CAP_MINUTES = 43_200

/** A campaign as it stands in the form; numbers and lists are as they were typed. */
export interface CampaignDraft {
  readonly id: string
  readonly seat: string
  readonly status: Campaign['status']
  readonly advertiserDomain: string
  readonly categories: string
  readonly cpmPerLtv: string
  readonly minCpm: string
  readonly maxCpm: string
  readonly limits: readonly LimitDraft[]
  readonly pacing: Campaign['pacing']['mode']
  /** In the viewer's zone, as fields of a form have them; empty for no flight. */
  readonly flightStart: string
  readonly flightEnd: string
  readonly shading: Campaign['shading']
  /** Impressions that one user may see within the cap's time; empty for no cap. */
  readonly capImpressions: string
  readonly capMinutes: string
  readonly capWithoutId: FrequencyCap['withoutId']
  readonly countries: string
  readonly deals: string
  readonly creatives: readonly CreativeDraft[]
  /** Everything else, as JSON. */
  readonly rest: string
}

type FrequencyCap = NonNullable<Campaign['frequencyCap']>

/** Of `targeting`, what has fields of its own. */
type Targeting = Campaign['targeting']

export function newCampaignDraft(seat: string): CampaignDraft {
  return {
    ...{ id: '', seat, status: 'active', advertiserDomain: '', categories: '' },
    ...{ cpmPerLtv: '0.05', minCpm: '', maxCpm: '', limits: [newDraft()] },
    ...{ pacing: 'asap', flightStart: '', flightEnd: '', countries: '', deals: '' },
    ...{ shading: 'on', capImpressions: '', capMinutes: '1440', capWithoutId: 'skip' },
    creatives: [newCreative('banner')],
    rest: '{}',
  }
}

export function draftOf(campaign: Campaign): CampaignDraft {
  const { pace: _, id, seat, status, advertiserDomain, ...named } = campaign
  const { categories, price, limits, pacing, shading, frequencyCap, targeting, creatives, ...others } = named
  const { countries, deals, ...otherTargeting } = targeting
  return {
    ...{ id, seat, status, advertiserDomain },
    categories: categories.join(', '),
    cpmPerLtv: String(price.cpmPerLtv),
    minCpm: String(price.minCpm ?? ''),
    maxCpm: String(price.maxCpm),
    limits: limits.map(newDraft),
    pacing: pacing.mode,
    flightStart: localTime(pacing.flight?.start),
    flightEnd: localTime(pacing.flight?.end),
    shading,
    capImpressions: String(frequencyCap?.impressions ?? ''),
    capMinutes: String((frequencyCap?.windowSeconds ?? 86_400) / 60),
    capWithoutId: frequencyCap?.withoutId ?? 'skip',
    countries: countries.join(', '),
    deals: deals.join(', '),
    creatives: creatives.map(creativeDraftOf),
    rest: JSON.stringify({ ...others, targeting: otherTargeting }, undefined, 2),
  }
}

/** The campaign that a draft asks for, or what is wrong with it before the service has seen it. */
export function campaignOf(draft: CampaignDraft): CampaignInput | string {
  const rest = objectIn(draft.rest)
  if (rest === undefined) return 'Everything else is no JSON object'
  const limits: CampaignInput['limits'] = []
  for (const one of draft.limits) {
    const limit = limitOf(one)
    if (typeof limit === 'string') return limit
    limits.push(limit)
  }
  const creatives: Creative[] = []
  for (const one of draft.creatives) {
    const creative = creativeOf(one)
    if (typeof creative === 'string') return creative
    creatives.push(creative)
  }
  const prices = [draft.cpmPerLtv, draft.minCpm, draft.maxCpm].map((text) => Number(text))
  if (draft.maxCpm.trim() === '' || prices.some((price) => !(price >= 0)))
    return 'A price needs an amount of 0 or more, and a most'
  const cap = capOf(draft)
  if (typeof cap === 'string') return cap
  const [cpmPerLtv = 0, minCpm = 0, maxCpm = 0] = prices
  const body = {
    ...rest,
    ...{ seat: draft.seat.trim(), status: draft.status, advertiserDomain: draft.advertiserDomain.trim() },
    categories: listIn(draft.categories),
    price: { cpmPerLtv, minCpm, maxCpm },
    limits,
    pacing: { mode: draft.pacing, ...flightOf(draft) },
    shading: draft.shading,
    ...(cap && { frequencyCap: cap }),
    targeting: {
      ...(Object(rest['targeting']) as Targeting),
      countries: listIn(draft.countries).map((code) => code.toUpperCase()),
      deals: listIn(draft.deals),
    },
    creatives,
  }
  // What it leaves out has its default, which the types of an answer do not say.
  return body as CampaignInput
}

const listIn = (text: string): string[] => text.split(/[\s,]+/).filter((one) => one !== '')

function flightOf({ flightStart, flightEnd }: CampaignDraft) {
  if (flightStart === '' && flightEnd === '') return {}
  const iso = (text: string) => (text === '' ? '' : new Date(text).toISOString())
  return { flight: { start: iso(flightStart), end: iso(flightEnd) } }
}

/** The frequency cap that a draft asks for, or what is wrong with it; undefined for none. */
function capOf({ capImpressions, capMinutes, capWithoutId }: CampaignDraft) {
  if (capImpressions.trim() === '') return undefined
  const impressions = Number(capImpressions)
  const windowSeconds = Math.round(Number(capMinutes) * 60)
  if (!Number.isInteger(impressions) || impressions < 1 || impressions > MAX_CAP_IMPRESSIONS)
    return `A frequency cap needs a whole number of impressions from 1 to ${MAX_CAP_IMPRESSIONS}`
  if (!(windowSeconds >= 60 && windowSeconds <= MAX_CAP_MINUTES * 60))
    return 'A frequency cap needs a time from 1 minute to 43,200 minutes, which are 30 days'
  return { impressions, windowSeconds, withoutId: capWithoutId }
}

/** A time as the field of a form has it: in the viewer's zone, to the minute. */
function localTime(at: string | undefined): string {
  if (at === undefined) return ''
  const date = new Date(at)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
