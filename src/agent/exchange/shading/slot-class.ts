import type { Imp, Offer, OpenRtbRequest } from '../openrtb/index.ts'
import { sizeOf } from '../openrtb/index.ts'

const FORMATS = [
  'banner_small',
  'banner_medium',
  'banner_large',
  'video',
  'video_rewarded',
  'audio',
  'native',
] as const
type Format = (typeof FORMATS)[number]
/** Whether a slot is in an app, or on a site or a screen: they have different buyers, and so different prices. */
const PLACES = ['app', 'other'] as const

/** Kinds of slots whose prices are learned apart. There are never more, whatever exchanges send. */
export const SLOT_CLASSES = PLACES.flatMap((place) => FORMATS.map((format) => `${place}_${format}` as const))
export type SlotClass = (typeof SLOT_CLASSES)[number]

/** Areas of banners, in pixels: below the first they are small (320 × 50), from the second on large (300 × 600). */
const [SMALL_PIXELS, LARGE_PIXELS] = [50_000, 100_000]

/** The index in {@link SLOT_CLASSES} of what a bid is for. */
export function slotClassOf({ channel }: OpenRtbRequest, imp: Imp, offer: Offer): number {
  const format = FORMATS.indexOf(formatOf(imp, offer))
  return channel === 'app' ? format : FORMATS.length + format
}

function formatOf({ banner, rewarded }: Imp, { creative: { kind } }: Offer): Format {
  if (kind === 'video') return rewarded ? 'video_rewarded' : 'video'
  if (kind !== 'banner') return kind
  const [first] = banner?.sizes ?? []
  if (first === undefined) return 'banner_medium'
  const { w, h } = sizeOf(first)
  if (w * h < SMALL_PIXELS) return 'banner_small'
  return w * h < LARGE_PIXELS ? 'banner_medium' : 'banner_large'
}
