import type { Campaign, CampaignInput } from '../../api/exchanges.ts'
import { duration, money } from '../../ui/format.ts'
import { isLower } from '../../ui/limit-draft.ts'
import { type AnyLimit, limitName } from '../../ui/limit-name.ts'

/** By what a new version of a campaign lets more be spent, a line each; empty where it does not. */
export function risesIn(before: Campaign | undefined, next: CampaignInput, currency: string): string[] {
  if (before === undefined)
    return next.status === 'paused'
      ? []
      : [
          `It bids up to ${money(next.price.maxCpm, currency)} CPM, within ${limitsText(next.limits, currency)}`,
        ]
  const rises: string[] = []
  if (before.status === 'paused' && next.status === 'active') rises.push('It bids again')
  const prices = [
    ['CPM for each unit of value', before.price.cpmPerLtv, next.price.cpmPerLtv],
    ['least CPM', before.price.minCpm ?? 0, next.price.minCpm ?? 0],
    ['highest CPM', before.price.maxCpm, next.price.maxCpm],
  ] as const
  for (const [name, was, is] of prices)
    if (is > was) rises.push(`${name}: ${money(was, currency)} → ${money(is, currency)}`)
  if (!isLower(before, next.limits))
    rises.push(`limits: ${limitsText(before.limits, currency)} → ${limitsText(next.limits, currency)}`)
  if (before.shading === 'on' && next.shading === 'off')
    rises.push('It bids all that an impression is worth, also where less would win')
  if (isCapLooser(before.frequencyCap, next.frequencyCap))
    rises.push(`one user: ${capText(before.frequencyCap)} → ${capText(next.frequencyCap)}`)
  return rises
}

type FrequencyCap = Campaign['frequencyCap']

const isCapLooser = (before: FrequencyCap, next: FrequencyCap): boolean =>
  before !== undefined &&
  (next === undefined ||
    next.impressions > before.impressions ||
    next.windowSeconds < before.windowSeconds ||
    (before.withoutId === 'skip' && next.withoutId === 'bid'))

const capText = (cap: FrequencyCap): string =>
  cap === undefined
    ? 'as often as it wins'
    : `${cap.impressions} impressions in ${duration(cap.windowSeconds * 1_000)}${cap.withoutId === 'bid' ? ', any number without an id' : ''}`

const limitsText = (limits: readonly AnyLimit[], currency: string): string =>
  limits.map((limit) => `${money(limit.max, currency)} ${limitName(limit)}`).join(' and ') ||
  'no limit of its own'
