import type { App, Device, DOOH, EID, Geo, BidRequest as SpecRequest, UID, User } from 'iab-openrtb/v26'
import { extension, type Prediction, readPrediction } from './extension.ts'
import {
  flag,
  list,
  NOTHING,
  number,
  object,
  orElse,
  requiredText,
  text,
  texts,
  type Wire,
  WrongField,
} from './fields.ts'
import { type Imp, readImp } from './imp.ts'
import { isUserPrivate } from './privacy.ts'
import { inBothPlaces } from './two-places.ts'

/** One identifier of the user from `user.eids`. */
interface ExtendedId {
  readonly source: string
  readonly id: string
}

/** What we use of an OpenRTB 2.5 or 2.6 bid request. Lists are empty where the request restricts nothing. */
export interface BidRequest {
  readonly id: string
  readonly imps: readonly Imp[]
  /** Impressions that cannot be read: they get no bid, the others go on. */
  readonly badImps: readonly BadImp[]
  /** A field beside the impressions that cannot be read: without it nobody knows what is allowed, so nothing is bid. */
  readonly badField: string | undefined
  readonly dsa: DsaWish
  readonly channel: 'site' | 'app' | 'dooh' | undefined
  /** Of the site, app or screen; lower case. */
  readonly domain: string | undefined
  readonly page: string | undefined
  /** Store id of the app the ad would be shown in. */
  readonly bundle: string | undefined
  /** ISO 3166-1 alpha-3, upper case. */
  readonly country: string | undefined
  readonly deviceType: number | undefined
  /** The user's ids are not read where the law named in the request forbids it; see privacy.ts. */
  readonly userId: string | undefined
  readonly buyerUid: string | undefined
  readonly ifa: string | undefined
  readonly eids: readonly ExtendedId[]
  /** Currencies a bid may be in; USD where the request names none. */
  readonly currencies: readonly string[]
  readonly allowedSeats: readonly string[]
  readonly blockedSeats: readonly string[]
  /** `wlang` and `wlangb`: a creative must satisfy each of the two that is not empty. */
  readonly languages: readonly string[]
  readonly languageTags: readonly string[]
  readonly allowedCategories: readonly string[]
  readonly blockedCategories: readonly string[]
  /** Taxonomy of the two category lists. */
  readonly taxonomy: number
  readonly blockedDomains: readonly string[]
  readonly blockedApps: readonly string[]
  /** The impressions are all there are on the page, so a roadblock may bid. */
  readonly allImps: boolean
  /** A test is answered like any other request, but nothing of it is held or billed. */
  readonly test: boolean
  /** Milliseconds the exchange waits, network included. */
  readonly tmaxMs: number | undefined
  readonly prediction: Prediction | undefined
  /** The caller asks for the reason of every impression without a bid. */
  readonly debug: boolean
}

/** What the exchange wants of the transparency data of the Digital Services Act. */
export interface DsaWish {
  /** 0 no data wanted, 1 data taken, 2 or 3 bids without it discarded: `dsarequired`, the higher of both places. */
  readonly required: number
  /** The publisher cannot show the data (`pubrender` 0), so the ad must. */
  readonly adMustRender: boolean
  /** The publisher shows it (`pubrender` 2), so the ad must not. */
  readonly publisherRenders: boolean
}

/** An impression that cannot be read, by its id or its place, and the field that is wrong. */
export interface BadImp {
  readonly impId: string
  readonly field: string
}

/** Why a request is answered 400: the field that is missing, doubled or of the wrong type. */
export interface Refusal {
  readonly refused: string
}

export const isRefusal = (read: BidRequest | Refusal): read is Refusal => 'refused' in read

const USD: readonly string[] = ['USD']

/**
 * Reads a parsed JSON body. Never throws, whatever the body. Refuses what breaks the protocol: no `id`, no `imp`. What
 * is wrong inside an impression costs that impression its bid; what is wrong beside them costs all of them theirs,
 * except for the user, who is then unknown. Fields and enum values that we do not know pass (2.6 section 2.6).
 */
export function readBidRequest(body: unknown): BidRequest | Refusal {
  try {
    return read(body)
  } catch (thrown) {
    if (thrown instanceof WrongField) return { refused: thrown.field }
    throw thrown
  }
}

function read(body: unknown): BidRequest {
  const raw = object<SpecRequest>(body, 'body')
  if (!raw) throw new WrongField('body')
  const id = requiredText(raw.id, 'id')
  const { imps, badImps } = readImps(raw.imp)
  try {
    return { id, imps, badImps, badField: undefined, ...readTerms(raw) }
  } catch (thrown) {
    if (!(thrown instanceof WrongField)) throw thrown
    return { id, imps, badImps, ...readTerms({}), badField: thrown.field, ...readWishes(raw) }
  }
}

type Terms = Omit<BidRequest, 'id' | 'imps' | 'badImps' | 'badField'>

/** What holds for all impressions. */
function readTerms(raw: Wire<SpecRequest>): Terms {
  const site = object<App & { page: unknown }>(raw.site, 'site')
  const app = object<App>(raw.app, 'app')
  const dooh = object<DOOH>(raw.dooh, 'dooh')
  if ((site && app) || (site && dooh) || (app && dooh)) throw new WrongField('site, app, dooh')
  const place = site ?? app ?? dooh
  const device = object<Device>(raw.device, 'device')
  const geo = object<Geo>(device?.geo, 'device.geo')
  const currencies = texts(raw.cur, 'cur')
  return {
    channel: site ? 'site' : app ? 'app' : dooh ? 'dooh' : undefined,
    domain: text(place?.domain, 'domain')?.toLowerCase(),
    page: text(site?.page, 'site.page'),
    bundle: text(app?.bundle, 'app.bundle'),
    country: text(geo?.country, 'device.geo.country')?.toUpperCase(),
    deviceType: number(device?.devicetype, 'device.devicetype'),
    ...orElse(() => readIdentity(raw, device), NOBODY),
    currencies: currencies.length === 0 ? USD : currencies,
    allowedSeats: texts(raw.wseat, 'wseat'),
    blockedSeats: texts(raw.bseat, 'bseat'),
    languages: texts(raw.wlang, 'wlang'),
    languageTags: texts(raw.wlangb, 'wlangb'),
    allowedCategories: texts(raw.acat, 'acat'),
    blockedCategories: texts(raw.bcat, 'bcat'),
    taxonomy: number(raw.cattax, 'cattax') ?? 1,
    blockedDomains: texts(raw.badv, 'badv').map(plainDomain),
    blockedApps: texts(raw.bapp, 'bapp'),
    allImps: flag(raw.allimps, 'allimps'),
    tmaxMs: number(raw.tmax, 'tmax') || undefined,
    prediction: readPrediction(extension(raw.ext, 'ext')),
    dsa: readDsa(raw.regs),
    ...readWishes(raw),
  }
}

/** What the caller wants to be told, also where the rest cannot be read. */
const readWishes = (raw: Wire<SpecRequest>): Pick<BidRequest, 'test' | 'debug'> => ({
  test: raw.test !== undefined && raw.test !== null && flag(raw.test, 'test'),
  debug: orElse(() => extension(raw.ext, 'ext')?.debug === true, false),
})

const MARK_UP = /[\s/:A-Z]|^www\./

/** A domain as it is compared, of what publishers write: `https://www.Shop.example/`. */
function plainDomain(entry: string): string {
  if (!MARK_UP.test(entry)) return entry
  const lower = entry.trim().toLowerCase()
  return (
    lower
      .replace(/^[a-z]{1,8}:\/\//, '')
      .replace(/^www\./, '')
      .split(/[/:?#]/, 1)[0] ?? lower
  )
}

const NO_DSA: DsaWish = { required: 0, adMustRender: false, publisherRenders: false }

/** The strictest of both places counts. */
function readDsa(regs: unknown): DsaWish {
  const places = inBothPlaces('dsa', regs, 'regs')
  if (places.length === 0) return NO_DSA
  const said = places.map((place) => {
    const dsa = object<{ dsarequired: unknown; pubrender: unknown }>(place, 'regs.dsa')
    return {
      required: number(dsa?.dsarequired, 'regs.dsa.dsarequired') ?? 0,
      pubrender: number(dsa?.pubrender, 'regs.dsa.pubrender'),
    }
  })
  return {
    required: Math.max(...said.map(({ required }) => required)),
    adMustRender: said.some(({ pubrender }) => pubrender === 0),
    publisherRenders: said.some(({ pubrender }) => pubrender === 2),
  }
}

function readImps(value: unknown): Pick<BidRequest, 'imps' | 'badImps'> {
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
      badImps.push({ impId: idOf(raws[i]) ?? `imp[${i}]`, field: thrown.field })
    }
  }
  return { imps, badImps }
}

const idOf = (imp: unknown): string | undefined =>
  orElse(() => text(object<{ id: unknown }>(imp, 'imp')?.id, 'imp.id'), undefined)

type Identity = Pick<BidRequest, 'userId' | 'buyerUid' | 'ifa' | 'eids'>

const NOBODY: Identity = { userId: undefined, buyerUid: undefined, ifa: undefined, eids: NOTHING }

function readIdentity(raw: Wire<SpecRequest>, device: Wire<Device> | undefined): Identity {
  const user = object<User>(raw.user, 'user')
  if (isUserPrivate(raw.regs, user, device)) return NOBODY
  return {
    userId: text(user?.id, 'user.id'),
    buyerUid: text(user?.buyeruid, 'user.buyeruid'),
    ifa: text(device?.ifa, 'device.ifa'),
    eids: readEids(user),
  }
}

/** The lists of 2.6 and of 2.5 together. */
function readEids(user: Wire<User> | undefined): readonly ExtendedId[] {
  const lists = inBothPlaces('eids', user, 'user')
  if (lists.length === 0) return NOTHING
  const eids: ExtendedId[] = []
  for (const raw of lists.flatMap((one) => list(one, 'user.eids'))) {
    const eid = object<EID>(raw, 'user.eids')
    const source = text(eid?.source, 'user.eids.source')
    for (const uid of list(eid?.uids, 'user.eids.uids')) {
      const id = text(object<UID>(uid, 'user.eids.uids')?.id, 'user.eids.uids.id')
      if (source !== undefined && id !== undefined) eids.push({ source, id })
    }
  }
  return eids
}
