import { hash } from 'node:crypto'
import type { Creative } from './creative.ts'
import type { NoBidReason } from './no-bid.ts'
import type { PreparedCampaign } from './prepared-campaign.ts'

/** A number for each object. Two objects have two numbers, even with the same content. */
const numbers = new WeakMap<object, number>()
let numbered = 0

function numberOf(one: object): number {
  const known = numbers.get(one)
  if (known !== undefined) return known
  numbered += 1
  numbers.set(one, numbered)
  return numbered
}

/** Longest list whose entries are compared. Comparing a longer one takes too long, so it equals only itself. */
const MAX_COMPARED = 100
const listTerms = (list: readonly string[]) => (list.length <= MAX_COMPARED ? list : numberOf(list))

/** What `termsMismatch` reads of an offer, as one text for each kind of check. Offers with equal texts pass or fail alike. */
export interface Terms {
  readonly hours: string
  readonly devices: string
  readonly places: string
  readonly slot: string
  readonly categories: string
  readonly transparency: string
  readonly format: string
  /** The scopes that pay besides the campaign's own budget. No check of the terms fails on it. */
  readonly payers: string
  /** All texts above, joined. */
  readonly all: string
}

/** The text that a reason depends on: when one offer fails for it, all offers with the same text fail too. */
export const FAILED_ON: Partial<Record<NoBidReason, keyof Terms>> = {
  outside_hours: 'hours',
  device_type: 'devices',
  domain: 'places',
  bundle: 'places',
  supply_chain: 'slot',
  rewarded: 'slot',
  category_taxonomy: 'categories',
  category_blocked: 'categories',
  dsa_required: 'transparency',
  dsa_rendering: 'transparency',
  mime: 'format',
  protocol: 'format',
  duration: 'format',
  linearity: 'format',
  api: 'format',
  attribute_blocked: 'format',
  banner_type_blocked: 'format',
  language: 'format',
  not_secure: 'format',
}

/** The terms of each creative of a campaign. */
export function termsOf({ spec, sharedScopes, creatives }: PreparedCampaign): Map<Creative, Terms> {
  const { targeting, activeHours, pacing, categories, categoryTaxonomy, dsa } = spec
  const { domains, bundles, deviceTypes, rewarded, placements, completeSupplyChain } = targeting
  const ofCampaign = {
    hours: textOf(pacing.flight ? [activeHours, pacing.flight] : activeHours),
    devices: textOf(deviceTypes),
    places: textOf([domains.allow, domains.deny, bundles.allow, bundles.deny].map(listTerms)),
    slot: textOf([rewarded, placements, completeSupplyChain]),
    categories: textOf([categories, categoryTaxonomy]),
    transparency: textOf(dsa?.adrender),
    payers: textOf(sharedScopes.map(numberOf)),
  }
  return new Map(
    creatives.map((creative) => {
      const format = textOf(formatTerms(creative))
      return [creative, { ...ofCampaign, format, all: textOf([ofCampaign, format]) }]
    }),
  )
}

function formatTerms(creative: Creative): readonly unknown[] {
  const { kind, frameworks, attributes, language, secure } = creative
  const any = [kind, frameworks, attributes, language, secure]
  switch (creative.kind) {
    case 'banner':
      return [any, creative.mimes, creative.bannerType]
    case 'video':
    case 'audio':
      return [any, creative.mimes, creative.protocol, creative.seconds, creative.linearity]
    case 'native':
      return any
  }
}

/** Characters of a text that is kept as it is. */
const MAX_TEXT = 64

function textOf(terms: unknown): string {
  const text = JSON.stringify(terms) ?? ''
  return text.length <= MAX_TEXT ? text : hash('sha256', text, 'base64')
}
