import type {
  Audio,
  Banner,
  Deal,
  DurFloors,
  Format,
  Native,
  Pmp,
  Qty,
  Imp as SpecImp,
  Video,
} from 'iab-openrtb/v26'
import { extension, type GivenPrediction, readPrediction } from './extension.ts'
import {
  above0,
  flag,
  list,
  mediaTypes,
  NOTHING,
  number,
  numbers,
  object,
  orElse,
  requiredText,
  text,
  textOrNumber,
  texts,
  type Wire,
  WrongField,
} from './fields.ts'
import { advertiserDomain, currencyCode } from './names.ts'
import { type NativeAsk, readNativeAsk } from './native.ts'
import { inBothPlaces } from './two-places.ts'

/** Width and height as one number, for use as a key. */
export const sizeKey = (w: number, h: number): number => w * 65_536 + h
export const sizeOf = (key: number): { w: number; h: number } => ({
  w: Math.floor(key / 65_536),
  h: key % 65_536,
})
export const MAX_SIDE = 65_535

/** A lowest CPM, in units of its own currency. */
export interface Floor {
  readonly cpm: number
  readonly currency: string
  /** OpenRTB 2.6: lowest CPM for each second of the creative; replaces `cpm`. */
  readonly cpmPerSecond: number | undefined
  /** OpenRTB 2.6: lowest CPM by length of the creative; replaces `cpm` where one applies. */
  readonly byDuration: readonly DurationFloor[]
}

export interface DurationFloor {
  readonly minSeconds: number
  readonly maxSeconds: number
  readonly cpm: number
}

/** Accepts every size of this ratio that is wide enough (2.5 section 3.2.10, flexible ads). */
export interface FlexSize {
  readonly widthRatio: number
  readonly heightRatio: number
  readonly minWidth: number
}

export interface BannerSlot {
  /** {@link sizeKey} of every accepted size. */
  readonly sizes: readonly number[]
  readonly flexSizes: readonly FlexSize[]
  readonly mimes: readonly string[]
  readonly apis: readonly number[]
  readonly blockedAttributes: readonly number[]
  readonly blockedTypes: readonly number[]
}

/** Room for several ads in one imp (dynamic pod of 2.6). */
export interface DynamicPod {
  readonly seconds: number
  readonly maxBids: number
}

export interface StreamSlot {
  readonly mimes: readonly string[]
  readonly protocols: readonly number[]
  readonly minSeconds: number
  readonly maxSeconds: number
  /** OpenRTB 2.6: the only lengths accepted, in seconds; replaces the range. */
  readonly exactSeconds: readonly number[]
  readonly linearity: number | undefined
  readonly apis: readonly number[]
  readonly blockedAttributes: readonly number[]
  /**
   * Where a video plays, by AdCOM's list of placement subtypes (`plcmt`); undefined where it is missing or given more
   * than once.
   */
  readonly placement: number | undefined
  readonly podId: string | undefined
  readonly pod: DynamicPod | undefined
}

export interface NativeSlot {
  readonly ask: NativeAsk | undefined
  readonly apis: readonly number[]
  readonly blockedAttributes: readonly number[]
}

export interface DealOffer {
  readonly id: string
  readonly floor: Floor
  /** Auction type of the deal; 3 means that the floor is the agreed price. */
  readonly at: number | undefined
  readonly allowedSeats: readonly string[]
  readonly allowedDomains: readonly string[]
}

/** One impression on offer. A bid answers exactly one of its slots. */
export interface Imp {
  readonly id: string
  readonly banner: BannerSlot | undefined
  readonly video: StreamSlot | undefined
  readonly audio: StreamSlot | undefined
  readonly native: NativeSlot | undefined
  readonly floor: Floor
  readonly secure: boolean
  /** Whether the user gets a reward for watching (`rwdd`), as one of its two places says. */
  readonly rewarded: boolean
  /** Number of impressions that one win is charged as (`qty`, for screens that many people see). */
  readonly multiplier: number
  readonly deals: readonly DealOffer[]
  readonly privateAuction: boolean
  readonly prediction: GivenPrediction | undefined
}

export function readImp(value: unknown): Imp {
  const raw = object<SpecImp>(value, 'imp')
  if (!raw) throw new WrongField('imp')
  const pmp = object<Pmp>(raw.pmp, 'imp.pmp')
  const video = object<Video & { protocol: number }>(raw.video, 'imp.video')
  const audio = object<Audio>(raw.audio, 'imp.audio')
  const ours = extension(raw.ext, 'imp.ext')
  return {
    id: requiredText(raw.id, 'imp.id'),
    banner: readBanner(raw.banner),
    video: video && readStream(video),
    audio: audio && readStream(audio),
    native: readNative(raw.native),
    floor: readFloor(raw, video ?? audio),
    secure: flag(raw.secure, 'imp.secure'),
    rewarded: orElse(() => inBothPlaces('rwdd', raw).some((one) => flag(one, 'imp.rwdd')), false),
    multiplier: readMultiplier(raw.qty),
    deals: pmp ? readDeals(pmp) : NOTHING,
    privateAuction: pmp !== undefined && flag(pmp.private_auction, 'imp.pmp.private_auction'),
    prediction: readPrediction(ours),
  }
}

function readBanner(value: unknown): BannerSlot | undefined {
  const raw = object<Banner>(value, 'imp.banner')
  if (!raw) return undefined
  const sizes: number[] = []
  const flexSizes: FlexSize[] = []
  for (const format of list(raw.format, 'imp.banner.format')) {
    const size = object<Format>(format, 'imp.banner.format')
    if (!size) continue
    addSize(sizes, number(size.w, 'imp.banner.format.w'), number(size.h, 'imp.banner.format.h'))
    const flex = readFlexSize(size)
    if (flex) flexSizes.push(flex)
  }
  const w = number(raw.w, 'imp.banner.w')
  const h = number(raw.h, 'imp.banner.h')
  if (sizes.length === 0 && flexSizes.length === 0) addSize(sizes, w, h)
  return {
    sizes: sizes.length > 1 ? [...new Set(sizes)] : sizes,
    flexSizes,
    mimes: mediaTypes(raw.mimes, 'imp.banner.mimes'),
    apis: frameworksOf(raw, 'imp.banner.api'),
    blockedAttributes: numbers(raw.battr, 'imp.banner.battr'),
    blockedTypes: numbers(raw.btype, 'imp.banner.btype'),
  }
}

/** API frameworks of a slot. The field is `api`; an example of the IAB has them in `apis`, where bids have theirs. */
function frameworksOf(slot: object, field: string): readonly number[] {
  const { api, apis } = slot as { readonly api?: unknown; readonly apis?: unknown }
  const said = numbers(api, field)
  return apis === undefined || apis === null ? said : [...said, ...numbers(apis, `${field}s`)]
}

function readFlexSize({ wratio, hratio, wmin }: Wire<Format>): FlexSize | undefined {
  const widthRatio = number(wratio, 'imp.banner.format.wratio')
  const heightRatio = number(hratio, 'imp.banner.format.hratio')
  const minWidth = number(wmin, 'imp.banner.format.wmin') ?? 0
  return isSide(widthRatio) && isSide(heightRatio) ? { widthRatio, heightRatio, minWidth } : undefined
}

function addSize(sizes: number[], w: number | undefined, h: number | undefined): void {
  if (isSide(w) && isSide(h)) sizes.push(sizeKey(w, h))
}

const isSide = (side: number | undefined): side is number =>
  side !== undefined && Number.isInteger(side) && side > 0 && side <= MAX_SIDE

function readStream(raw: Wire<Video & Audio & { protocol: number }>): StreamSlot {
  const podSeconds = above0(raw.poddur, 'imp.video.poddur')
  const maxBids = number(raw.maxseq, 'imp.video.maxseq')
  if (!Array.isArray(raw.mimes)) throw new WrongField('imp.video.mimes')
  return {
    mimes: mediaTypes(raw.mimes, 'imp.video.mimes'),
    protocols: protocolsOf(raw),
    minSeconds: number(raw.minduration, 'imp.video.minduration') ?? 0,
    maxSeconds: above0(raw.maxduration, 'imp.video.maxduration') ?? Number.POSITIVE_INFINITY,
    exactSeconds: numbers(raw.rqddurs, 'imp.video.rqddurs').filter((seconds) => seconds > 0),
    linearity: above0(raw.linearity, 'imp.video.linearity'),
    apis: frameworksOf(raw, 'imp.video.api'),
    blockedAttributes: numbers(raw.battr, 'imp.video.battr'),
    placement: orElse(() => readPlacement(raw), undefined),
    podId: textOrNumber(raw.podid, 'imp.video.podid'),
    pod:
      podSeconds === undefined
        ? undefined
        : { seconds: podSeconds, maxBids: maxBids ?? Number.POSITIVE_INFINITY },
  }
}

function readPlacement(video: unknown): number | undefined {
  const [first, second = first] = inBothPlaces('plcmt', video)
  return first === second ? number(first, 'imp.video.plcmt') : undefined
}

/** Protocols that the slot accepts. Requests before 2.5 name a single one in `protocol`; the example of 2.2 has a list there. */
function protocolsOf({ protocols, protocol }: Wire<Video & Audio & { protocol: number }>): readonly number[] {
  const said = numbers(protocols, 'imp.video.protocols')
  if (Array.isArray(protocol)) return said.length > 0 ? said : numbers(protocol, 'imp.video.protocol')
  const one = number(protocol, 'imp.video.protocol')
  return said.length > 0 || one === undefined ? said : [one]
}

function readNative(value: unknown): NativeSlot | undefined {
  const raw = object<Native>(value, 'imp.native')
  if (!raw) return undefined
  return {
    ask: readNativeAsk(raw.request),
    apis: frameworksOf(raw, 'imp.native.api'),
    blockedAttributes: numbers(raw.battr, 'imp.native.battr'),
  }
}

type FloorFields = Pick<Deal, 'bidfloor' | 'bidfloorcur'>
type DurationFields = Pick<Deal, 'mincpmpersec' | 'durfloors'>

/** Reads a floor. Its default currency is USD; the floor of a deal does not inherit the currency of its imp. */
function readFloor(raw: Wire<FloorFields>, durations: Wire<DurationFields> | undefined): Floor {
  return {
    cpm: number(raw.bidfloor, 'bidfloor') ?? 0,
    currency: currencyCode(text(raw.bidfloorcur, 'bidfloorcur') ?? '') || 'USD',
    cpmPerSecond: number(durations?.mincpmpersec, 'mincpmpersec'),
    byDuration: durations ? readDurationFloors(durations.durfloors) : NOTHING,
  }
}

function readDurationFloors(value: unknown): readonly DurationFloor[] {
  const raws = list(value, 'durfloors')
  return raws.length === 0 ? NOTHING : raws.map(readDurationFloor)
}

function readDurationFloor(value: unknown): DurationFloor {
  const raw = object<DurFloors>(value, 'durfloors')
  return {
    minSeconds: number(raw?.mindur, 'durfloors.mindur') ?? 0,
    maxSeconds: number(raw?.maxdur, 'durfloors.maxdur') ?? Number.POSITIVE_INFINITY,
    cpm: number(raw?.bidfloor, 'durfloors.bidfloor') ?? 0,
  }
}

function readMultiplier(value: unknown): number {
  const qty = object<Qty>(value, 'imp.qty')
  if (!qty) return 1
  const multiplier = number(qty.multiplier, 'imp.qty.multiplier')
  if (multiplier === undefined || !(multiplier > 0)) throw new WrongField('imp.qty.multiplier')
  return multiplier
}

function readDeals(pmp: Wire<Pmp>): readonly DealOffer[] {
  const raws = list(pmp.deals, 'imp.pmp.deals')
  return raws.length === 0 ? NOTHING : raws.map(readDeal)
}

function readDeal(value: unknown): DealOffer {
  const raw = object<Deal>(value, 'imp.pmp.deals')
  if (!raw) throw new WrongField('imp.pmp.deals')
  return {
    id: requiredText(raw.id, 'imp.pmp.deals.id'),
    floor: readFloor(raw, raw),
    at: number(raw.at, 'imp.pmp.deals.at'),
    allowedSeats: texts(raw.wseat, 'imp.pmp.deals.wseat'),
    allowedDomains: texts(raw.wadomain, 'imp.pmp.deals.wadomain').map(advertiserDomain),
  }
}
