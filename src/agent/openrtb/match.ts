import type { Offer } from './campaign-index.ts'
import type { BannerCreative, Creative, NativeCreative, StreamCreative } from './creative.ts'
import type { BannerSlot, DealOffer, Imp, NativeSlot, StreamSlot } from './imp.ts'
import { renderNative } from './native.ts'
import type { NoBidReason } from './no-bid.ts'
import { type Campaign, domainAndParents } from './prepared-campaign.ts'
import type { BidRequest, DsaWish } from './request.ts'

/**
 * Why an offer may not answer an imp, apart from its price; undefined when it may. The index has seen to slot, size,
 * country, seat, status and deal id. What is not declared is not assumed: an ad without a language satisfies no list
 * of languages, one without categories no list of allowed ones.
 */
export function mismatch(
  request: BidRequest,
  imp: Imp,
  { campaign, creative }: Offer,
  deal: DealOffer | undefined,
  nowMs: number,
): NoBidReason | undefined {
  return (
    targetingMismatch(request, campaign, nowMs) ??
    slotMismatch(imp, creative) ??
    languageMismatch(request, creative) ??
    (imp.secure && !creative.secure ? 'not_secure' : undefined) ??
    (deal && !isInvited(deal, campaign) ? 'deal_terms' : undefined) ??
    blocked(request, campaign) ??
    dsaMismatch(request.dsa, campaign)
  )
}

/** The exchange discards bids without transparency data it requires, and data that would be shown twice or never. */
function dsaMismatch(dsa: DsaWish, campaign: Campaign): NoBidReason | undefined {
  if (dsa.required !== 2 && dsa.required !== 3) return undefined
  if (campaign.dsaJson === undefined) return 'dsa_required'
  return fitsDsa(dsa, campaign) ? undefined : 'dsa_rendering'
}

/** Whether the data of the campaign is shown exactly once, by the ad or by the publisher. */
export function fitsDsa({ adMustRender, publisherRenders }: DsaWish, { spec }: Campaign): boolean {
  return spec.dsa?.adrender === 1 ? !publisherRenders : !adMustRender
}

function targetingMismatch(request: BidRequest, campaign: Campaign, nowMs: number): NoBidReason | undefined {
  if (!campaign.schedule.isOpen(nowMs)) return 'outside_hours'
  const { deviceTypes } = campaign
  if (deviceTypes && (request.deviceType === undefined || !deviceTypes.has(request.deviceType)))
    return 'device_type'
  return placeMismatch(request, campaign)
}

/**
 * The allow lists together name the places that are wanted, so a campaign with allowed domains alone gets no apps. A
 * place that is not named may be a denied one.
 */
function placeMismatch(request: BidRequest, campaign: Campaign): NoBidReason | undefined {
  const { allowedDomains, deniedDomains, allowedBundles, deniedBundles } = campaign
  const { bundle, channel } = request
  if (deniedBundles && (bundle === undefined ? channel === 'app' : deniedBundles.has(bundle))) return 'bundle'
  const domain = allowedDomains || deniedDomains ? domainOf(request) : undefined
  const places = domain === undefined ? [] : domainAndParents(domain)
  if (deniedDomains && isDenied(places, deniedDomains, channel)) return 'domain'
  if (allowedBundles && bundle !== undefined && allowedBundles.has(bundle)) return undefined
  if (allowedDomains) return places.some((place) => allowedDomains.has(place)) ? undefined : 'domain'
  return allowedBundles ? 'bundle' : undefined
}

const isDenied = (
  places: readonly string[],
  denied: ReadonlySet<string>,
  channel: BidRequest['channel'],
): boolean => (places.length === 0 ? channel === 'site' : places.some((place) => denied.has(place)))

/** Of the site, else of its page. */
function domainOf({ domain, page }: BidRequest): string | undefined {
  if (domain !== undefined || page === undefined) return domain
  return URL.parse(page)?.hostname
}

function slotMismatch(imp: Imp, creative: Creative): NoBidReason | undefined {
  switch (creative.kind) {
    case 'banner':
      return imp.banner && bannerMismatch(imp.banner, creative)
    case 'video':
      return imp.video && streamMismatch(imp.video, creative)
    case 'audio':
      return imp.audio && streamMismatch(imp.audio, creative)
    case 'native':
      return imp.native && nativeMismatch(imp.native, creative)
  }
}

function bannerMismatch(slot: BannerSlot, creative: BannerCreative): NoBidReason | undefined {
  if (slot.mimes.length > 0 && !sharesAny(slot.mimes, creative.mimes)) return 'mime'
  if (creative.bannerType !== undefined && slot.blockedTypes.includes(creative.bannerType))
    return 'banner_type_blocked'
  return anySlotMismatch(slot, creative)
}

function streamMismatch(slot: StreamSlot, creative: StreamCreative): NoBidReason | undefined {
  if (!sharesAny(slot.mimes, creative.mimes)) return 'mime'
  if (slot.protocols.length > 0 && !slot.protocols.includes(creative.protocol)) return 'protocol'
  if (!fitsDuration(slot, creative.seconds)) return 'duration'
  if (
    slot.linearity !== undefined &&
    creative.linearity !== undefined &&
    slot.linearity !== creative.linearity
  ) {
    return 'linearity'
  }
  return anySlotMismatch(slot, creative)
}

function fitsDuration(slot: StreamSlot, seconds: number): boolean {
  if (slot.pod && seconds > slot.pod.seconds) return false
  if (slot.exactSeconds.length > 0) return slot.exactSeconds.includes(Math.round(seconds))
  return seconds >= slot.minSeconds && seconds <= slot.maxSeconds
}

function nativeMismatch(slot: NativeSlot, creative: NativeCreative): NoBidReason | undefined {
  if (!slot.ask || renderNative(slot.ask, creative.assets) === undefined) return 'native_assets'
  return anySlotMismatch(slot, creative)
}

function anySlotMismatch(
  slot: { readonly apis: readonly number[]; readonly blockedAttributes: readonly number[] },
  creative: Creative,
): NoBidReason | undefined {
  for (const api of creative.apis) if (!slot.apis.includes(api)) return 'api'
  if (slot.blockedAttributes.length > 0 && sharesAny(slot.blockedAttributes, creative.attributes)) {
    return 'attribute_blocked'
  }
  return undefined
}

function languageMismatch(
  { languages, languageTags }: BidRequest,
  { language }: Creative,
): NoBidReason | undefined {
  if (languages.length > 0 && !isIn(languages, language)) return 'language'
  if (languageTags.length > 0 && !isIn(languageTags, language)) return 'language'
  return undefined
}

/** Basic filtering of RFC 4647: `en` takes `en` and `en-GB`, `en-GB` takes no plain `en`. */
function isIn(ranges: readonly string[], tag: string | undefined): boolean {
  if (tag === undefined) return false
  return ranges.some((range) => {
    const lower = range.toLowerCase()
    return tag === lower || (tag.startsWith(lower) && tag[lower.length] === '-')
  })
}

function isInvited({ allowedDomains }: DealOffer, { domains }: Campaign): boolean {
  return allowedDomains.length === 0 || domains.some((domain) => includesName(allowedDomains, domain))
}

function blocked(request: BidRequest, campaign: Campaign): NoBidReason | undefined {
  const { blockedApps, blockedCategories, allowedCategories, blockedDomains } = request
  const { appBundle, categoryTaxonomy } = campaign.spec
  if (appBundle !== undefined && includesName(blockedApps, appBundle)) return 'app_blocked'
  if (blockedCategories.length + allowedCategories.length > 0) {
    if (campaign.categories.length > 0 && categoryTaxonomy !== request.taxonomy) return 'category_taxonomy'
    if (sharesAny(blockedCategories, campaign.categories)) return 'category_blocked'
    if (allowedCategories.length > 0 && !areAllowed(allowedCategories, campaign)) return 'category_blocked'
  }
  for (const domain of campaign.domains) if (includesName(blockedDomains, domain)) return 'advertiser_blocked'
  return undefined
}

/** Every category of the campaign is in the list, itself or by the one above it. */
function areAllowed(allowed: readonly string[], { spec }: Campaign): boolean {
  return (
    spec.categories.length > 0 &&
    spec.categories.every((category) =>
      allowed.some((entry) => category === entry || category.startsWith(`${entry}-`)),
    )
  )
}

function sharesAny<T>(a: readonly T[], b: readonly T[]): boolean {
  for (const value of b) if (a.includes(value)) return true
  return false
}

/** From this length on a set is built, once for each request. */
export const LONG_LIST = 256
const sets = new WeakMap<readonly string[], ReadonlySet<string>>()

/** Whether a list of domains or bundles of the request has this one, in any case of letters. */
function includesName(list: readonly string[], name: string): boolean {
  const lower = name.toLowerCase()
  if (list.length >= LONG_LIST) return setOf(list).has(lower)
  for (const entry of list) {
    if (entry.length === lower.length && (entry === lower || entry.toLowerCase() === lower)) return true
  }
  return false
}

function setOf(list: readonly string[]): ReadonlySet<string> {
  const known = sets.get(list)
  if (known) return known
  const set = new Set(list.map((entry) => entry.toLowerCase()))
  sets.set(list, set)
  return set
}
