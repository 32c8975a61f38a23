import { parseUnambiguous } from '../../../json/json.ts'
import { above0, flag, list, mediaTypes, number, numbers, object, type Wire, WrongField } from './fields.ts'

/**
 * OpenRTB Dynamic Native Ads 1.2: reads the assets a publisher asks for and writes the markup with those of a creative.
 * Requests of 1.0 are wrapped in a `native` object and answered in the same form.
 */
export interface NativeAsk {
  readonly wrapped: boolean
  /** Version of the specification that the markup names; our content is the same in all versions. */
  readonly version: Version
  readonly assets: readonly AssetAsk[]
  /** Whether the publisher fires impression pixels from `eventtrackers`; if not, from the older `imptrackers`. */
  readonly eventTrackers: boolean
}

const VERSIONS = ['1.0', '1.1', '1.2'] as const
type Version = (typeof VERSIONS)[number]

type AssetAsk = { readonly id: number; readonly required: boolean } & (
  | { readonly is: 'title'; readonly maxLength: number }
  | { readonly is: 'image'; readonly ask: ImageAsk }
  | { readonly is: 'data'; readonly type: number; readonly maxLength: number }
  | { readonly is: 'unsupported' }
)

interface ImageAsk {
  readonly type: number | undefined
  readonly w: number | undefined
  readonly h: number | undefined
  readonly wMin: number | undefined
  readonly hMin: number | undefined
  readonly mimes: readonly string[]
}

/** The assets of a native creative. Image types: 1 icon, 3 main. Data types: section 7.4 of the specification. */
export interface NativeAssets {
  readonly title: string
  readonly link: string
  readonly images: readonly NativeImage[]
  readonly data: readonly { readonly type: number; readonly value: string }[]
  readonly impressionTrackers: readonly string[]
}

interface NativeImage {
  readonly type: number
  readonly url: string
  readonly w: number
  readonly h: number
  readonly mime?: string | undefined
}

interface WireAsk {
  native: unknown
  ver: unknown
  assets: unknown
  eventtrackers: unknown
}

interface WireAsset {
  id: unknown
  required: unknown
  title: unknown
  img: unknown
  data: unknown
}

/**
 * Reads `imp.native.request`: JSON in a string, or the object itself. Returns undefined for content that is not a
 * native request, which gets no bid. Throws {@link WrongField} where it is neither string nor object.
 */
export function readNativeAsk(request: unknown): NativeAsk | undefined {
  if (typeof request !== 'string' && !object(request, 'imp.native.request')) {
    throw new WrongField('imp.native.request')
  }
  try {
    const parsed: unknown = typeof request === 'string' ? parseUnambiguous(request) : request
    return readAsk(parsed)
  } catch {
    return undefined
  }
}

function readAsk(parsed: unknown): NativeAsk | undefined {
  const root = object<WireAsk>(parsed, 'native')
  const inner = object<WireAsk>(root?.native, 'native')
  const ask = inner ?? root
  const assets = list(ask?.assets, 'assets').flatMap((asset) => readAssetOrNone(asset) ?? [])
  if (assets.length === 0) return undefined
  const eventTrackers = list(ask?.eventtrackers, 'eventtrackers').some(isImpressionPixel)
  const wrapped = inner !== undefined
  return { wrapped, version: versionOf(ask?.ver, wrapped), assets, eventTrackers }
}

/**
 * Version of the request, given as a text or a number. The default is the newest, and the oldest for the wrapped form,
 * which only that one has.
 */
function versionOf(said: unknown, wrapped: boolean): Version {
  const written = Number(said).toFixed(1)
  return VERSIONS.find((version) => version === written) ?? (wrapped ? '1.0' : '1.2')
}

/** Whether a tracker is an impression (event 1) by image pixel (method 1); sections 7.6 and 7.7. */
function isImpressionPixel(value: unknown): boolean {
  const tracker = object<{ event: unknown; methods: unknown }>(value, 'eventtrackers')
  return tracker?.event === 1 && numbers(tracker.methods, 'methods').includes(1)
}

/** An asset; undefined for one that cannot be read and is not required, which is left out like one that is not there. */
function readAssetOrNone(value: unknown): AssetAsk | undefined {
  try {
    return readAsset(value)
  } catch (thrown) {
    const required = object<WireAsset>(value, 'asset')?.required
    if (flag(required, 'required')) throw thrown
    return undefined
  }
}

function readAsset(value: unknown): AssetAsk {
  const raw = object<WireAsset>(value, 'asset')
  const id = number(raw?.id, 'id')
  if (!raw || id === undefined) throw new WrongField('asset.id')
  const required = flag(raw.required, 'required')
  const title = object<{ len: unknown }>(raw.title, 'title')
  if (title) return { id, required, is: 'title', maxLength: lengthOf(title) }
  const image = object<ImageWire>(raw.img, 'img')
  if (image) return { id, required, is: 'image', ask: readImageAsk(image) }
  const data = object<{ len: unknown; type: unknown }>(raw.data, 'data')
  if (data)
    return { id, required, is: 'data', type: number(data.type, 'type') ?? 0, maxLength: lengthOf(data) }
  return { id, required, is: 'unsupported' }
}

const lengthOf = (raw: Wire<{ len: unknown }>): number => above0(raw.len, 'len') ?? Number.POSITIVE_INFINITY

interface ImageWire {
  type: unknown
  w: unknown
  h: unknown
  wmin: unknown
  hmin: unknown
  mimes: unknown
}

function readImageAsk(raw: Wire<ImageWire>): ImageAsk {
  return {
    type: above0(raw.type, 'type'),
    w: above0(raw.w, 'w'),
    h: above0(raw.h, 'h'),
    wMin: number(raw.wmin, 'wmin'),
    hMin: number(raw.hmin, 'hmin'),
    mimes: mediaTypes(raw.mimes, 'mimes'),
  }
}

/** Writes the native markup for `adm`; undefined when the creative lacks a required asset. */
export function renderNative(ask: NativeAsk, creative: NativeAssets): string | undefined {
  const assets: object[] = []
  for (const asset of ask.assets) {
    const answer = answerAsset(asset, creative)
    if (answer) assets.push({ id: asset.id, ...(asset.required ? { required: 1 } : {}), ...answer })
    else if (asset.required) return undefined
  }
  if (assets.length === 0) return undefined
  const markup = { ver: ask.version, assets, link: { url: creative.link }, ...trackersOf(ask, creative) }
  return JSON.stringify(ask.wrapped ? { native: markup } : markup)
}

function trackersOf(ask: NativeAsk, { impressionTrackers }: NativeAssets): object {
  if (impressionTrackers.length === 0) return {}
  if (!ask.eventTrackers) return { imptrackers: impressionTrackers }
  return { eventtrackers: impressionTrackers.map((url) => ({ event: 1, method: 1, url })) }
}

function answerAsset(asset: AssetAsk, creative: NativeAssets): object | undefined {
  switch (asset.is) {
    case 'title':
      return creative.title.length <= asset.maxLength ? { title: { text: creative.title } } : undefined
    case 'image': {
      const image = creative.images.find((candidate) => satisfies(candidate, asset.ask))
      return image && { img: { url: image.url, w: image.w, h: image.h } }
    }
    case 'data': {
      const item = creative.data.find(
        ({ type, value }) => type === asset.type && value.length <= asset.maxLength,
      )
      return item && { data: { value: item.value } }
    }
    case 'unsupported':
      return undefined
  }
}

function satisfies(image: NativeImage, ask: ImageAsk): boolean {
  if (ask.type !== undefined && image.type !== ask.type) return false
  // Where a minimum size is given, the exact size is only a wish (1.2 section 4.4).
  if (ask.wMin === undefined && ask.w !== undefined && image.w !== ask.w) return false
  if (ask.hMin === undefined && ask.h !== undefined && image.h !== ask.h) return false
  if (image.w < (ask.wMin ?? 0) || image.h < (ask.hMin ?? 0)) return false
  return ask.mimes.length === 0 || (image.mime !== undefined && ask.mimes.includes(image.mime.toLowerCase()))
}
