import type { CampaignSpec, CreativeSpec } from './campaign.ts'
import { NOTHING } from './fields.ts'
import type { NativeAssets } from './native.ts'
import { readVast } from './vast.ts'

/** How a macro stands in markup and addresses until somebody fills it in. */
export const macro = (name: string): string => `\${${name}}`

/** Stands for the bid's billing address anywhere in a markup; we fill it in, the exchange fills in its macros. */
export const BILLING_URL_MACRO = macro('BIDWARDEN_BILLING_URL')

export type OpenRtbVersion = '2.5' | '2.6'

/** Of the header `x-openrtb-version`. Without one the older is answered, which every exchange reads. */
export const readVersion = (header: string | undefined): OpenRtbVersion =>
  header !== undefined && Number.parseFloat(header) >= 2.6 ? '2.6' : '2.5'

interface AnyCreative {
  readonly id: string
  readonly attributes: readonly number[]
  readonly apis: readonly number[]
  /** Lower case. */
  readonly language: string | undefined
  readonly secure: boolean
  /** The members of the bid that never change, as JSON without braces. */
  readonly json: Readonly<Record<OpenRtbVersion, string>>
  /** `adm` as the inside of a JSON string, cut where the billing address belongs. Empty for native. */
  readonly markup: readonly string[]
  /** Whether the address that follows each part is text of XML, where `&` is written `&amp;`. */
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
  readonly protocol: number
  readonly linearity: number | undefined
}

export interface NativeCreative extends AnyCreative {
  readonly kind: 'native'
  readonly assets: NativeAssets
}

export type Creative = BannerCreative | StreamCreative | NativeCreative

/** `mtype` of 2.6. */
const MARKUP_TYPE = { banner: 1, video: 2, audio: 3, native: 4 } as const

/** Does once, when a campaign is stored, what would cost time in every bid: escaping above all. */
export function prepareCreative(campaignId: string, campaign: CampaignSpec, spec: CreativeSpec): Creative {
  const any = {
    id: spec.id,
    attributes: spec.attributes,
    apis: spec.apis,
    language: spec.language?.toLowerCase(),
    secure: spec.secure ?? loadsSecurely(spec),
    json: {
      '2.5': constantMembers(campaignId, campaign, spec, '2.5'),
      '2.6': constantMembers(campaignId, campaign, spec, '2.6'),
    },
  }
  switch (spec.type) {
    case 'banner':
      return {
        ...any,
        kind: 'banner',
        markup: markupParts(spec.markup),
        escapes: NOTHING,
        sizes: spec.sizes,
        mimes: spec.mimes,
        bannerType: spec.bannerType,
      }
    case 'video':
    case 'audio':
      return {
        ...any,
        kind: spec.type,
        markup: markupParts(vastOf(spec)),
        escapes: readVast(vastOf(spec), BILLING_URL_MACRO).escapes,
        seconds: spec.durationSeconds,
        mimes: spec.mimes,
        protocol: protocolOf(spec),
        linearity: spec.type === 'video' ? spec.linearity : undefined,
      }
    case 'native':
      return { ...any, kind: 'native', markup: NOTHING, escapes: NOTHING, assets: spec }
  }
}

const markupParts = (markup: string): string[] => markup.split(BILLING_URL_MACRO).map(escaped)

/** The inside of a JSON string. */
export const escaped = (text: string): string => JSON.stringify(text).slice(1, -1)

function constantMembers(
  id: string,
  campaign: CampaignSpec,
  spec: CreativeSpec,
  version: OpenRtbVersion,
): string {
  const members = {
    adomain: [campaign.advertiserDomain],
    cid: id,
    crid: spec.id,
    ...(campaign.appBundle === undefined ? {} : { bundle: campaign.appBundle }),
    ...(campaign.categories.length === 0 ? {} : { cat: campaign.categories }),
    ...(spec.attributes.length === 0 ? {} : { attr: spec.attributes }),
    ...languageMember(spec.language, version),
    ...('durationSeconds' in spec ? { protocol: protocolOf(spec) } : {}),
    // Both are new in 2.6 and sent to every exchange: without them filters take another taxonomy or type.
    mtype: MARKUP_TYPE[spec.type],
    ...(campaign.categories.length === 0 ? {} : { cattax: campaign.categoryTaxonomy }),
    ...apiMembers(spec, version),
    ...(spec.type === 'video' && spec.w !== undefined && spec.h !== undefined
      ? { w: spec.w, h: spec.h }
      : {}),
    ...(version === '2.6' && 'durationSeconds' in spec ? { dur: Math.round(spec.durationSeconds) } : {}),
  }
  return JSON.stringify(members).slice(1, -1)
}

/** What the creative needs of the slot: one framework in 2.5, all of them in 2.6. */
function apiMembers({ apis }: CreativeSpec, version: OpenRtbVersion): object {
  if (apis.length === 0) return {}
  return version === '2.6' ? { apis } : { api: apis[0] }
}

/** `language` is two letters; the full tag has a member of its own since 2.6, and only one of them may be there. */
function languageMember(tag: string | undefined, version: OpenRtbVersion): object {
  if (tag === undefined) return {}
  if (version === '2.6' && tag.includes('-')) return { langb: tag }
  const primary = tag.split('-')[0] ?? tag
  return primary.length === 2 ? { language: primary.toLowerCase() } : {}
}

type StreamSpec = Extract<CreativeSpec, { type: 'video' | 'audio' }>

/** The document itself, or a wrapper around its address whose impression pixel is our billing notice. */
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

/** AdCOM list of creative subtypes: document and wrapper of each VAST version. */
const VAST_PROTOCOLS: Readonly<Record<string, readonly [inline: number, wrapper: number]>> = {
  '1.0': [1, 4],
  '2.0': [2, 5],
  '3.0': [3, 6],
  '4.0': [7, 8],
  '4.1': [11, 12],
  '4.2': [13, 14],
  '4.3': [15, 16],
}
const DAAST: readonly [number, number] = [9, 10]

function protocolOf(spec: StreamSpec): number {
  if (spec.protocol !== undefined) return spec.protocol
  const { version, isDaast, isWrapper } = readVast(vastOf(spec), BILLING_URL_MACRO)
  const [inline, wrapper] = isDaast ? DAAST : (VAST_PROTOCOLS[version?.slice(0, 3) ?? ''] ?? [3, 6])
  return isWrapper ? wrapper : inline
}

/** `http:` and a slash, each as itself or escaped for a script, an address or HTML. */
const PLAIN_HTTP =
  /http(?::|%3a|\\u003a|\\x3a|&#58;|&#x3a;|&colon;)(?:\/|\\\/|%2f|\\u002f|\\x2f|&#47;|&#x2f;|&sol;)/i
/** Names of namespaces and schemas, which nobody fetches. */
const NAMES =
  /\s(?:xmlns(?::[\w.-]+)?|[\w.-]+:schemaLocation|authority|idRegistry)\s*=\s*(?:"[^"]*"|'[^']*')/gi

/** Nothing in the markup is fetched over plain HTTP. */
function loadsSecurely(spec: CreativeSpec): boolean {
  const loaded =
    spec.type === 'banner'
      ? spec.markup
      : spec.type === 'native'
        ? [...spec.images.map(({ url }) => url), ...spec.impressionTrackers].join(' ')
        : readVast(vastOf(spec), BILLING_URL_MACRO).loaded
  return !PLAIN_HTTP.test(loaded.replaceAll(NAMES, ' '))
}
