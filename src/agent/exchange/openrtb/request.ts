import type { App, Device, DOOH, EID, Geo, BidRequest as SpecRequest, UID, User } from 'iab-openrtb/v26'
import { extension, type GivenPrediction, readPrediction } from './extension.ts'
import {
  code,
  flag,
  list,
  NOTHING,
  number,
  object,
  orElse,
  requiredText,
  text,
  textOrNumber,
  texts,
  type Wire,
  WrongField,
} from './fields.ts'
import { type Imp, readImp } from './imp.ts'
import { advertiserDomain, blockedCategory, countryCode, currencyCodes, hostOf } from './names.ts'
import { type IsUserPrivate, privacyRules } from './privacy.ts'
import { inBothPlaces } from './two-places.ts'

/** One identifier of the user, from `user.eids`. */
interface ExtendedId {
  readonly source: string
  readonly id: string
}

/** The part of an OpenRTB 2.5 or 2.6 bid request that we use. An empty list means no restriction. */
export interface OpenRtbRequest {
  readonly id: string
  readonly imps: readonly Imp[]
  /** Impressions that cannot be read. They get no bid; the others are not affected. */
  readonly badImps: readonly BadImp[]
  /**
   * A field outside the impressions that cannot be read. The request then gets no bid at all, because its restrictions
   * are unknown.
   */
  readonly badField: string | undefined
  readonly dsa: DsaWish
  /** Whether the supply chain (`schain`) is complete in each place where it is given. */
  readonly hasWholeChain: boolean
  readonly channel: 'site' | 'app' | 'dooh' | undefined
  /** Domain of the site, app or screen, in lower case. */
  readonly domain: string | undefined
  readonly page: string | undefined
  /** Store id of the app in which the ad would be shown. */
  readonly bundle: string | undefined
  /** ISO 3166-1 alpha-3 code of the country, in upper case. */
  readonly country: string | undefined
  readonly deviceType: number | undefined
  /** The user's ids are not read where the law that applies forbids it; see `privacy.ts`. */
  readonly userId: string | undefined
  readonly buyerUid: string | undefined
  readonly ifa: string | undefined
  readonly eids: readonly ExtendedId[]
  /** Currencies that a bid may be in; USD where the request names none. */
  readonly currencies: readonly string[]
  readonly allowedSeats: readonly string[]
  readonly blockedSeats: readonly string[]
  /** `wlang` and `wlangb`: a creative has to satisfy each of the two that is not empty. */
  readonly languages: readonly string[]
  readonly languageTags: readonly string[]
  readonly allowedCategories: readonly string[]
  readonly blockedCategories: readonly string[]
  /** Taxonomy of the two category lists. */
  readonly taxonomy: number
  readonly blockedDomains: readonly string[]
  readonly blockedApps: readonly string[]
  /** Whether these are all impressions of the page, so that a roadblock may bid. */
  readonly allImps: boolean
  /** Whether the winner pays what it bid (`at` 1). */
  readonly isFirstPrice: boolean
  /** A test is answered like any other request, but nothing is held or billed. */
  readonly test: boolean
  /** Milliseconds that the exchange waits, including the network. */
  readonly tmaxMs: number | undefined
  readonly prediction: GivenPrediction | undefined
  /** Whether the caller asks for the reason of every impression without a bid. */
  readonly debug: boolean
}

/** What the exchange wants of the transparency data of the Digital Services Act. */
export interface DsaWish {
  /**
   * `dsarequired`, the higher one of its two places: 0 no data wanted, 1 data accepted, 2 or 3 bids without it are
   * discarded.
   */
  readonly required: number
  /** The publisher cannot show the data (`pubrender` 0), so the ad has to. */
  readonly adMustRender: boolean
  /** The publisher shows the data (`pubrender` 2), so the ad must not. */
  readonly publisherRenders: boolean
}

/** An impression that cannot be read: its id or position, and the wrong field. */
export interface BadImp {
  readonly impId: string
  readonly field: string
}

/** Why a request is answered 400: the field that is missing, given twice or of the wrong type. */
export interface RequestRefusal {
  readonly refused: string
  /** What is wrong with it, where that is neither of these. */
  readonly because?: string
}

export const isRefusal = (read: OpenRtbRequest | RequestRefusal): read is RequestRefusal => 'refused' in read

/** Value of `at`; a request without it is a second-price auction. */
const FIRST_PRICE = 1
const USD: readonly string[] = ['USD']
const PURPOSES_ALONE = privacyRules()

/**
 * Reads a parsed JSON body. Never throws.
 * - A body that breaks the protocol (no `id`, no `imp`) is refused.
 * - A wrong field inside an impression costs that impression its bid.
 * - A wrong field outside the impressions costs all impressions their bids; a wrong field of the user only makes the
 *   user unknown.
 * - Unknown fields and enum values are accepted (2.6 section 2.6).
 * @param isUserPrivate whether the user's ids may not be read
 */
export function readBidRequest(
  body: unknown,
  isUserPrivate = PURPOSES_ALONE,
): OpenRtbRequest | RequestRefusal {
  try {
    return read(body, isUserPrivate)
  } catch (thrown) {
    if (thrown instanceof WrongField) return { refused: thrown.field }
    throw thrown
  }
}

function read(body: unknown, isUserPrivate: IsUserPrivate): OpenRtbRequest {
  const raw = object<SpecRequest>(body, 'body')
  if (!raw || Array.isArray(body)) throw new WrongField('body')
  const id = requiredText(raw.id, 'id')
  const { imps, badImps } = readImps(raw.imp)
  try {
    return { id, imps, badImps, badField: undefined, ...readTerms(raw, isUserPrivate) }
  } catch (thrown) {
    if (!(thrown instanceof WrongField)) throw thrown
    return { id, imps, badImps, ...readTerms({}, isUserPrivate), badField: thrown.field, ...readWishes(raw) }
  }
}

type RequestTerms = Omit<OpenRtbRequest, 'id' | 'imps' | 'badImps' | 'badField'>

/** Reads the fields that apply to all impressions. */
function readTerms(raw: Wire<SpecRequest>, isUserPrivate: IsUserPrivate): RequestTerms {
  const site = object<App & { page: unknown }>(raw.site, 'site')
  const app = object<App>(raw.app, 'app')
  const dooh = object<DOOH>(raw.dooh, 'dooh')
  if ((site && app) || (site && dooh) || (app && dooh)) throw new WrongField('site, app, dooh')
  const place = site ?? app ?? dooh
  const device = object<Device>(raw.device, 'device')
  const geo = object<Geo>(device?.geo, 'device.geo')
  const currencies = currencyCodes(raw.cur, 'cur')
  return {
    channel: site ? 'site' : app ? 'app' : dooh ? 'dooh' : undefined,
    domain: hostOf(text(place?.domain, 'domain') ?? '') || undefined,
    page: text(site?.page, 'site.page'),
    bundle: text(app?.bundle, 'app.bundle'),
    country: countryCode(text(geo?.country, 'device.geo.country')),
    deviceType: number(device?.devicetype, 'device.devicetype'),
    ...orElse(() => readIdentity(raw, device, isUserPrivate), NOBODY),
    currencies: currencies.length === 0 ? USD : currencies,
    allowedSeats: texts(raw.wseat, 'wseat'),
    blockedSeats: texts(raw.bseat, 'bseat'),
    languages: texts(raw.wlang, 'wlang'),
    languageTags: texts(raw.wlangb, 'wlangb'),
    allowedCategories: texts(raw.acat, 'acat'),
    blockedCategories: texts(raw.bcat, 'bcat').map(blockedCategory),
    taxonomy: number(raw.cattax, 'cattax') ?? 1,
    blockedDomains: texts(raw.badv, 'badv').map(advertiserDomain),
    blockedApps: texts(raw.bapp, 'bapp'),
    allImps: flag(raw.allimps, 'allimps'),
    isFirstPrice: orElse(() => number(raw.at, 'at'), undefined) === FIRST_PRICE,
    tmaxMs: number(raw.tmax, 'tmax') || undefined,
    prediction: readPrediction(extension(raw.ext, 'ext')),
    dsa: readDsa(raw.regs),
    hasWholeChain: orElse(() => hasWholeChain(raw.source), false),
    ...readWishes(raw),
  }
}

/** Reads `test` and debugging, also where the rest of the request cannot be read. */
const readWishes = (raw: Wire<SpecRequest>): Pick<OpenRtbRequest, 'test' | 'debug'> => ({
  test: raw.test !== undefined && raw.test !== null && flag(raw.test, 'test'),
  debug: orElse(() => extension(raw.ext, 'ext')?.debug === true, false),
})

const NO_DSA: DsaWish = { required: 0, adMustRender: false, publisherRenders: false }

/** Reads the wishes for transparency data; the stricter one of its two places counts. */
function readDsa(regs: unknown): DsaWish {
  const places = inBothPlaces('dsa', regs)
  if (places.length === 0) return NO_DSA
  const said = places.map((place) => {
    const dsa = object<{ dsarequired: unknown; pubrender: unknown }>(place, 'regs.dsa')
    return {
      required: code(dsa?.dsarequired, 'regs.dsa.dsarequired') ?? 0,
      pubrender: code(dsa?.pubrender, 'regs.dsa.pubrender'),
    }
  })
  return {
    required: Math.max(...said.map(({ required }) => required)),
    adMustRender: said.some(({ pubrender }) => pubrender === 0),
    publisherRenders: said.some(({ pubrender }) => pubrender === 2),
  }
}

function hasWholeChain(source: unknown): boolean {
  const chains = inBothPlaces('schain', source)
  return (
    chains.length > 0 &&
    chains.every((chain) => object<{ complete: unknown }>(chain, 'source.schain')?.complete === 1)
  )
}

function readImps(value: unknown): Pick<OpenRtbRequest, 'imps' | 'badImps'> {
  const raws = list(value, 'imp')
  if (raws.length === 0) throw new WrongField('imp')
  const imps: Imp[] = []
  const badImps: BadImp[] = []
  const ids = raws.length > 1 ? new Set<string>() : undefined
  for (let i = 0; i < raws.length; i++) {
    try {
      const imp = readImp(raws[i])
      if (ids?.has(imp.id)) throw new WrongField('imp.id')
      ids?.add(imp.id)
      imps.push(imp)
    } catch (thrown) {
      if (!(thrown instanceof WrongField)) throw thrown
      badImps.push({ impId: idOf(raws[i]) || `imp[${i}]`, field: thrown.field })
    }
  }
  return { imps, badImps }
}

const idOf = (imp: unknown): string | undefined =>
  orElse(() => text(object<{ id: unknown }>(imp, 'imp')?.id, 'imp.id'), undefined)

type Identity = Pick<OpenRtbRequest, 'userId' | 'buyerUid' | 'ifa' | 'eids'>

const NOBODY: Identity = { userId: undefined, buyerUid: undefined, ifa: undefined, eids: NOTHING }

function readIdentity(
  raw: Wire<SpecRequest>,
  device: Wire<Device> | undefined,
  isUserPrivate: IsUserPrivate,
): Identity {
  const user = object<User>(raw.user, 'user')
  if (isUserPrivate(raw.regs, user, device)) return NOBODY
  return {
    userId: idText(user?.id),
    buyerUid: idText(user?.buyeruid),
    ifa: realId(idText(device?.ifa)),
    eids: readEids(user),
  }
}

/** An id; undefined for one that cannot be read, which costs the user's other ids nothing. */
const idText = (value: unknown): string | undefined =>
  orElse(() => textOrNumber(value, 'user.id'), undefined) || undefined

/** The advertising id; undefined for all zeros, which devices without an id send. */
const realId = (ifa: string | undefined): string | undefined =>
  ifa === undefined || /^[0\s-]*$/.test(ifa) ? undefined : ifa

/** The extended ids of 2.6 and 2.5 together, without those that cannot be read. */
function readEids(user: Wire<User> | undefined): readonly ExtendedId[] {
  const lists = orElse(() => inBothPlaces('eids', user), user ? [user.eids] : NOTHING)
  if (lists.length === 0) return NOTHING
  const eids: ExtendedId[] = []
  for (const raw of lists.flatMap(listOrNone)) {
    const eid = orElse(() => object<EID>(raw, 'user.eids'), undefined)
    const source = orElse(() => text(eid?.source, 'user.eids.source'), undefined)
    for (const uid of listOrNone(eid?.uids)) {
      const id = orElse(() => idText(object<UID>(uid, 'user.eids.uids')?.id), undefined)
      if (source !== undefined && id !== undefined) eids.push({ source, id })
    }
  }
  return eids
}

const listOrNone = (value: unknown): readonly unknown[] => orElse(() => list(value, 'user.eids'), NOTHING)
