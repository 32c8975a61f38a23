import type { App, Device, DOOH, EID, Geo, BidRequest as SpecRequest, UID, User } from 'iab-openrtb/v26'
import { extension, type Prediction, readPrediction } from './extension.ts'
import {
  flag,
  list,
  NOTHING,
  number,
  object,
  requiredText,
  text,
  texts,
  type Wire,
  WrongField,
} from './fields.ts'
import { type Imp, readImp } from './imp.ts'
import { isUserPrivate } from './privacy.ts'

/** One identifier of the user from `user.eids`. */
interface ExtendedId {
  readonly source: string
  readonly id: string
}

/** What we use of an OpenRTB 2.5 or 2.6 bid request. Lists are empty where the request restricts nothing. */
export interface BidRequest {
  readonly id: string
  readonly imps: readonly Imp[]
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

/** Why a request is answered 400: the field that is missing, doubled or of the wrong type. */
export interface Refusal {
  readonly refused: string
}

export const isRefusal = (read: BidRequest | Refusal): read is Refusal => 'refused' in read

const USD: readonly string[] = ['USD']

/**
 * Reads a parsed JSON body. Never throws, whatever the body. Refuses what breaks the protocol: no `id`, no `imp`, two
 * imps of one id, more than one of `site`, `app` and `dooh`, a field we use of the wrong type. Fields and enum values
 * that we do not know pass (2.6 section 2.6).
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
  const imps = readImps(raw.imp)
  const site = object<App & { page: unknown }>(raw.site, 'site')
  const app = object<App>(raw.app, 'app')
  const dooh = object<DOOH>(raw.dooh, 'dooh')
  if ((site && app) || (site && dooh) || (app && dooh)) throw new WrongField('site, app, dooh')
  const place = site ?? app ?? dooh
  const device = object<Device>(raw.device, 'device')
  const geo = object<Geo>(device?.geo, 'device.geo')
  const user = object<User>(raw.user, 'user')
  const currencies = texts(raw.cur, 'cur')
  const ours = extension(raw.ext, 'ext')
  const identity = isUserPrivate(raw.regs, user) ? NOBODY : readIdentity(user, device)
  return {
    id,
    imps,
    channel: site ? 'site' : app ? 'app' : dooh ? 'dooh' : undefined,
    domain: text(place?.domain, 'domain')?.toLowerCase(),
    page: text(site?.page, 'site.page'),
    bundle: text(app?.bundle, 'app.bundle'),
    country: text(geo?.country, 'device.geo.country')?.toUpperCase(),
    deviceType: number(device?.devicetype, 'device.devicetype'),
    userId: identity.userId,
    buyerUid: identity.buyerUid,
    ifa: identity.ifa,
    eids: identity.eids,
    currencies: currencies.length === 0 ? USD : currencies,
    allowedSeats: texts(raw.wseat, 'wseat'),
    blockedSeats: texts(raw.bseat, 'bseat'),
    languages: texts(raw.wlang, 'wlang'),
    languageTags: texts(raw.wlangb, 'wlangb'),
    allowedCategories: texts(raw.acat, 'acat'),
    blockedCategories: texts(raw.bcat, 'bcat'),
    taxonomy: number(raw.cattax, 'cattax') ?? 1,
    blockedDomains: texts(raw.badv, 'badv'),
    blockedApps: texts(raw.bapp, 'bapp'),
    allImps: flag(raw.allimps, 'allimps'),
    test: flag(raw.test, 'test'),
    tmaxMs: number(raw.tmax, 'tmax'),
    prediction: readPrediction(ours),
    debug: ours?.debug === true,
  }
}

function readImps(value: unknown): Imp[] {
  const raws = list(value, 'imp')
  if (raws.length === 0) throw new WrongField('imp')
  const imps: Imp[] = []
  for (const raw of raws) imps.push(readImp(raw))
  if (imps.length > 1 && new Set(imps.map((imp) => imp.id)).size < imps.length) throw new WrongField('imp.id')
  return imps
}

type Identity = Pick<BidRequest, 'userId' | 'buyerUid' | 'ifa' | 'eids'>

const NOBODY: Identity = { userId: undefined, buyerUid: undefined, ifa: undefined, eids: NOTHING }

const readIdentity = (user: Wire<User> | undefined, device: Wire<Device> | undefined): Identity => ({
  userId: text(user?.id, 'user.id'),
  buyerUid: text(user?.buyeruid, 'user.buyeruid'),
  ifa: text(device?.ifa, 'device.ifa'),
  eids: readEids(user),
})

/** 2.6 has `user.eids`; a 2.5 exchange sends the same list as `user.ext.eids`. */
function readEids(user: Wire<User> | undefined): readonly ExtendedId[] {
  const raws = list(user?.eids ?? object<{ eids: unknown }>(user?.ext, 'user.ext')?.eids, 'user.eids')
  if (raws.length === 0) return NOTHING
  const eids: ExtendedId[] = []
  for (const raw of raws) {
    const eid = object<EID>(raw, 'user.eids')
    const source = text(eid?.source, 'user.eids.source')
    for (const uid of list(eid?.uids, 'user.eids.uids')) {
      const id = text(object<UID>(uid, 'user.eids.uids')?.id, 'user.eids.uids.id')
      if (source !== undefined && id !== undefined) eids.push({ source, id })
    }
  }
  return eids
}
