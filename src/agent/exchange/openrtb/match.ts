import type { BannerCreative, Creative, NativeCreative, StreamCreative } from './creative.ts'
import { supportsAll } from './frameworks.ts'
import type { BannerSlot, DealOffer, Imp, NativeSlot, StreamSlot } from './imp.ts'
import { hostOf } from './names.ts'
import { renderNative } from './native.ts'
import type { NoBidReason } from './no-bid.ts'
import type { Offer } from './offer-blocks.ts'
import { domainAndParents, type PreparedCampaign } from './prepared-campaign.ts'
import type { DsaWish, OpenRtbRequest } from './request.ts'

/**
 * Returns why an offer may not answer an imp, apart from its price; undefined when it may. The index has already
 * matched slot, size, country, seat, status and deal id. Missing data never matches: an ad without a language fits no
 * list of languages, and an ad without categories fits no list of allowed categories.
 */
export const mismatch = (
  request: OpenRtbRequest,
  imp: Imp,
  offer: Offer,
  deal: DealOffer | undefined,
  nowMs: number,
): NoBidReason | undefined =>
  termsMismatch(request, imp, offer, nowMs) ?? ownMismatch(request, imp, offer, deal)

/** The checks of {@link mismatch} whose result is the same for all offers with the same {@link Terms} (`terms.ts`). */
export const termsMismatch = (
  request: OpenRtbRequest,
  imp: Imp,
  { campaign, creative }: Offer,
  nowMs: number,
): NoBidReason | undefined =>
  targetingMismatch(request, campaign, nowMs) ??
  impMismatch(imp, campaign, creative) ??
  slotMismatch(imp, creative) ??
  languageMismatch(request, creative) ??
  (imp.secure && !creative.secure ? 'not_secure' : undefined) ??
  categoryMismatch(request, campaign) ??
  dsaMismatch(request.dsa, campaign)

/** The checks of {@link mismatch} that differ between such offers: the advertiser, the deal, the assets of a native ad. */
export const ownMismatch = (
  request: OpenRtbRequest,
  imp: Imp,
  { campaign, creative }: Offer,
  deal: DealOffer | undefined,
): NoBidReason | undefined =>
  assetsMismatch(imp, creative) ??
  (deal && !isInvited(deal, campaign) ? 'deal_terms' : undefined) ??
  advertiserMismatch(request, campaign)

/**
 * Why the transparency data of the Digital Services Act does not fit. Where an exchange requires the data, it discards
 * bids that have none, and bids whose data would be shown twice or not at all.
 */
function dsaMismatch(dsa: DsaWish, campaign: PreparedCampaign): NoBidReason | undefined {
  if (dsa.required !== 2 && dsa.required !== 3) return undefined
  if (campaign.dsaJson === undefined) return 'dsa_required'
  return fitsDsa(dsa, campaign) ? undefined : 'dsa_rendering'
}

/** Whether the campaign's transparency data is shown exactly once, by the ad or by the publisher. */
export function fitsDsa({ adMustRender, publisherRenders }: DsaWish, { spec }: PreparedCampaign): boolean {
  return spec.dsa?.adrender === 1 ? !publisherRenders : !adMustRender
}

function targetingMismatch(
  request: OpenRtbRequest,
  campaign: PreparedCampaign,
  nowMs: number,
): NoBidReason | undefined {
  if (!campaign.schedule.isOpen(nowMs)) return 'outside_hours'
  const { deviceTypes } = campaign
  if (deviceTypes && (request.deviceType === undefined || !deviceTypes.has(request.deviceType)))
    return 'device_type'
  return placeMismatch(request, campaign) ?? chainMismatch(request, campaign)
}

const chainMismatch = (
  { hasWholeChain }: OpenRtbRequest,
  { spec }: PreparedCampaign,
): NoBidReason | undefined =>
  spec.targeting.completeSupplyChain && !hasWholeChain ? 'supply_chain' : undefined

function impMismatch(
  { rewarded: isRewarded, video }: Imp,
  { spec: { targeting } }: PreparedCampaign,
  { kind }: Creative,
): NoBidReason | undefined {
  const { rewarded, placements } = targeting
  if (rewarded !== 'any' && isRewarded !== (rewarded === 'only')) return 'rewarded'
  if (kind !== 'video' || placements.length === 0) return undefined
  const placement = video?.placement
  return placement !== undefined && placements.includes(placement) ? undefined : 'placement'
}

/**
 * Why the site or app is not wanted. All allow lists together name the wanted places, so a campaign with only allowed
 * domains gets no apps. A request that does not name its place may come from a denied one.
 */
function placeMismatch(request: OpenRtbRequest, campaign: PreparedCampaign): NoBidReason | undefined {
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
  channel: OpenRtbRequest['channel'],
): boolean => (places.length === 0 ? channel === 'site' : places.some((place) => denied.has(place)))

/** Domain of the site, or else of its page. */
function domainOf({ domain, page }: OpenRtbRequest): string | undefined {
  if (domain !== undefined || page === undefined) return domain
  // Some publishers leave out the scheme.
  const address = /^https?:/i.test(page) ? page : `https://${page.replace(/^\/\//, '')}`
  return hostOf(URL.parse(address)?.hostname ?? '') || undefined
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
  if (slot.protocols.length > 0 && !isAmong(slot.protocols, creative.protocol)) return 'protocol'
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
  return slot.ask ? anySlotMismatch(slot, creative) : 'native_assets'
}

function assetsMismatch({ native }: Imp, creative: Creative): NoBidReason | undefined {
  if (creative.kind !== 'native' || !native?.ask) return undefined
  return renderNative(native.ask, creative.assets) === undefined ? 'native_assets' : undefined
}

function anySlotMismatch(
  slot: { readonly apis: readonly number[]; readonly blockedAttributes: readonly number[] },
  creative: Creative,
): NoBidReason | undefined {
  if (!supportsAll(slot.apis, creative.frameworks)) return 'api'
  if (slot.blockedAttributes.length > 0 && sharesAny(slot.blockedAttributes, creative.attributes)) {
    return 'attribute_blocked'
  }
  return undefined
}

function languageMismatch(
  { languages, languageTags }: OpenRtbRequest,
  { language }: Creative,
): NoBidReason | undefined {
  if (languages.length > 0 && !isIn(languages, language)) return 'language'
  if (languageTags.length > 0 && !isIn(languageTags, language)) return 'language'
  return undefined
}

/** Basic filtering of RFC 4647: the range `en` matches `en` and `en-GB`; the range `en-GB` does not match `en`. */
function isIn(ranges: readonly string[], tag: string | undefined): boolean {
  if (tag === undefined) return false
  return ranges.some((range) => {
    const lower = range.toLowerCase()
    return tag === lower || (tag.startsWith(lower) && tag[lower.length] === '-')
  })
}

function isInvited({ allowedDomains }: DealOffer, { domains }: PreparedCampaign): boolean {
  return allowedDomains.length === 0 || domains.some((domain) => includesName(allowedDomains, domain))
}

function categoryMismatch(request: OpenRtbRequest, campaign: PreparedCampaign): NoBidReason | undefined {
  const { blockedCategories, allowedCategories } = request
  if (blockedCategories.length + allowedCategories.length === 0) return undefined
  if (campaign.categories.length > 0 && campaign.spec.categoryTaxonomy !== request.taxonomy)
    return 'category_taxonomy'
  if (sharesAny(blockedCategories, campaign.categories)) return 'category_blocked'
  if (allowedCategories.length > 0 && !areAllowed(allowedCategories, campaign)) return 'category_blocked'
  return undefined
}

function advertiserMismatch(
  { blockedApps, blockedDomains }: OpenRtbRequest,
  { spec: { appBundle }, domains }: PreparedCampaign,
): NoBidReason | undefined {
  if (appBundle !== undefined && includesName(blockedApps, appBundle)) return 'app_blocked'
  for (const domain of domains) if (includesName(blockedDomains, domain)) return 'advertiser_blocked'
  return undefined
}

/** Whether the list contains every category of the campaign, itself or its parent. */
function areAllowed(allowed: readonly string[], { spec }: PreparedCampaign): boolean {
  return (
    spec.categories.length > 0 &&
    spec.categories.every((category) =>
      allowed.some((entry) => category === entry || category.startsWith(`${entry}-`)),
    )
  )
}

const isAmong = <T>(values: readonly T[], value: T | undefined): boolean =>
  value !== undefined && values.includes(value)

function sharesAny<T>(a: readonly T[], b: readonly T[]): boolean {
  for (const value of b) if (a.includes(value)) return true
  return false
}

/** Lists of at least this many entries are searched by a set, built once per request. */
export const LONG_LIST = 256
const sets = new WeakMap<readonly string[], ReadonlySet<string>>()

/** Whether a list of domains or bundles contains the name, ignoring case. */
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
