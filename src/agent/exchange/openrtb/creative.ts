import type { CampaignSpec, CreativeSpec } from './campaign.ts'
import { NOTHING } from './fields.ts'
import { type Framework, frameworksOfMarkup, withNamed } from './frameworks.ts'
import { BILLING_URL_MACRO } from './macros.ts'
import type { NativeAssets } from './native.ts'
import { loadsPlainHttp } from './plain-http.ts'
import { readVast, type Vast } from './vast.ts'

export type OpenRtbVersion = '2.5' | '2.6'

/** Reads the header `x-openrtb-version`. Without it the older version is answered, which every exchange can read. */
export const readVersion = (header: string | undefined): OpenRtbVersion =>
  header !== undefined && Number.parseFloat(header) >= 2.6 ? '2.6' : '2.5'

interface AnyCreative {
  readonly id: string
  readonly attributes: readonly number[]
  readonly frameworks: readonly Framework[]
  /** Language tag in lower case; undefined where the creative names none. */
  readonly language: string | undefined
  readonly secure: boolean
  /** Members of the bid that are the same in every bid, as JSON without braces, by OpenRTB version. */
  readonly json: Readonly<Record<OpenRtbVersion, string>>
  /** `adm` as the content of a JSON string, split where the billing address is inserted. Empty for native. */
  readonly markup: readonly string[]
  /** For each place of the billing address: whether it is XML text, in which `&` is written `&amp;`. */
  readonly escapes: readonly boolean[]
}

export interface BannerCreative extends AnyCreative {
  readonly kind: 'banner'
  readonly sizes: readonly { readonly w: number; readonly h: number }[]
  readonly mimes: readonly string[]
  readonly bannerType: number | undefined
}

export interface StreamCreative extends AnyCreative {
  readonly kind: 'video' | 'audio'
  readonly seconds: number
  readonly mimes: readonly string[]
  /** Undefined where neither the campaign nor the document gives a protocol. */
  readonly protocol: number | undefined
  readonly linearity: number | undefined
}

export interface NativeCreative extends AnyCreative {
  readonly kind: 'native'
  readonly assets: NativeAssets
}

export type Creative = BannerCreative | StreamCreative | NativeCreative

/** `mtype` of OpenRTB 2.6. */
const MARKUP_TYPE = { banner: 1, video: 2, audio: 3, native: 4 } as const

/** Prepares a creative when its campaign is stored, so that no bid has to escape or check it again. */
export function prepareCreative(campaignId: string, campaign: CampaignSpec, spec: CreativeSpec): Creative {
  // Read once: a long document takes milliseconds.
  const vast = 'durationSeconds' in spec ? readVast(vastOf(spec), BILLING_URL_MACRO) : undefined
  const protocol = vast && 'durationSeconds' in spec ? protocolOf(spec, vast) : undefined
  const constant = constantMembers(campaignId, campaign, spec, protocol)
  const any = {
    id: spec.id,
    attributes: spec.attributes,
    frameworks: withNamed(spec.apis, vast?.frameworks ?? frameworksOf(spec)),
    language: spec.language?.toLowerCase(),
    secure: spec.secure ?? !loadsPlainHttp(loadedBy(spec, vast)),
    json: { '2.5': constant('2.5'), '2.6': constant('2.6') },
  }
  switch (spec.type) {
    case 'banner':
      return {
        ...any,
        kind: 'banner',
        markup: markupParts(spec.markup),
        escapes: NOTHING,
        sizes: spec.sizes,
        mimes: spec.mimes.map((type) => type.toLowerCase()),
        bannerType: spec.bannerType,
      }
    case 'video':
    case 'audio':
      return {
        ...any,
        kind: spec.type,
        markup: markupParts(vastOf(spec)),
        escapes: vast?.escapes ?? NOTHING,
        seconds: spec.durationSeconds,
        mimes: spec.mimes.map((type) => type.toLowerCase()),
        protocol,
        linearity: spec.type === 'video' ? spec.linearity : undefined,
      }
    case 'native':
      return { ...any, kind: 'native', markup: NOTHING, escapes: NOTHING, assets: spec }
  }
}

const frameworksOf = (spec: CreativeSpec): readonly Framework[] =>
  spec.type === 'banner' ? frameworksOfMarkup(spec.markup) : NOTHING

const markupParts = (markup: string): string[] => markup.split(BILLING_URL_MACRO).map(escaped)

/** Content of a JSON string, without the quotes. */
export const escaped = (text: string): string => JSON.stringify(text).slice(1, -1)

/** Returns a function that writes the members of a version. */
const constantMembers =
  (id: string, campaign: CampaignSpec, spec: CreativeSpec, protocol: number | undefined) =>
  (version: OpenRtbVersion): string => {
    const members = {
      adomain: [campaign.advertiserDomain],
      cid: id,
      crid: spec.id,
      ...(campaign.appBundle === undefined ? {} : { bundle: campaign.appBundle }),
      ...(campaign.categories.length === 0 ? {} : { cat: campaign.categories }),
      ...(spec.attributes.length === 0 ? {} : { attr: spec.attributes }),
      ...languageMember(spec.language, version),
      protocol,
      // Both members are new in 2.6 and are sent to every exchange: without them, filters assume another taxonomy or
      // type.
      mtype: MARKUP_TYPE[spec.type],
      ...(campaign.categories.length === 0 ? {} : { cattax: campaign.categoryTaxonomy }),
      ...(spec.type === 'video' && spec.w !== undefined && spec.h !== undefined
        ? { w: spec.w, h: spec.h }
        : {}),
      ...(version === '2.6' && 'durationSeconds' in spec ? { dur: Math.round(spec.durationSeconds) } : {}),
    }
    return JSON.stringify(members).slice(1, -1)
  }

/**
 * Language of the creative: `language` with two letters, or the full tag in `langb` since 2.6. A bid may have only one
 * of them.
 */
function languageMember(tag: string | undefined, version: OpenRtbVersion): object {
  if (tag === undefined) return {}
  if (version === '2.6' && tag.includes('-')) return { langb: tag }
  const primary = tag.split('-')[0] ?? tag
  return primary.length === 2 ? { language: primary.toLowerCase() } : {}
}

type StreamSpec = Extract<CreativeSpec, { type: 'video' | 'audio' }>

/** The VAST document, or a wrapper around its address whose impression pixel is our billing notice. */
function vastOf(spec: StreamSpec): string {
  if (spec.vast !== undefined) return spec.vast
  return (
    `<VAST version="3.0"><Ad id="${xml(spec.id)}"><Wrapper><AdSystem>Bidwarden</AdSystem>` +
    `<VASTAdTagURI>${cdata(spec.vastUrl ?? '')}</VASTAdTagURI>` +
    `<Impression>${cdata(BILLING_URL_MACRO)}</Impression></Wrapper></Ad></VAST>`
  )
}

const cdata = (text: string): string => `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
const xml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

/** Protocol numbers (AdCOM list of creative subtypes) of document and wrapper, by VAST version. */
const VAST_PROTOCOLS: Readonly<Record<string, readonly [inline: number, wrapper: number]>> = {
  '1': [1, 4],
  '1.0': [1, 4],
  '2': [2, 5],
  '2.0': [2, 5],
  '3': [3, 6],
  '3.0': [3, 6],
  '4': [7, 8],
  '4.0': [7, 8],
  '4.1': [11, 12],
  '4.2': [13, 14],
  '4.3': [15, 16],
}
const DAAST: readonly [number, number] = [9, 10]

function protocolOf(spec: StreamSpec, { version, isDaast, isWrapper }: Vast): number | undefined {
  if (spec.protocol !== undefined) return spec.protocol
  const of = isDaast ? DAAST : VAST_PROTOCOLS[/^\s*(\d+(?:\.\d+)?)/.exec(version ?? '')?.[1] ?? '']
  return of?.[isWrapper ? 1 : 0]
}

/** Everything of an ad that is fetched, as text. */
function loadedBy(spec: CreativeSpec, vast: Vast | undefined): string {
  if (spec.type === 'banner') return spec.markup
  if (spec.type === 'native')
    return [...spec.images.map(({ url }) => url), ...spec.impressionTrackers].join(' ')
  return vast?.loaded ?? ''
}
