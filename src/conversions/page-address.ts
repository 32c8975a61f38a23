import { hasEmail, isCertainNumber, isPhoneText } from './personal-text.ts'

/** Parameters by which platforms know a click, and those of campaigns: sent as they are. */
const CLICKS = new Set(
  (
    'fbclid gclid gbraid wbraid dclid gclsrc gad_source gad_campaignid srsltid ttclid sccid msclkid twclid li_fat_id epik ' +
    'rdt_cid yclid irclickid igshid'
  ).split(' '),
)
const isOfCampaign = (name: string): boolean => name.startsWith('utm_')

/** Words in names of parameters that are about a person, or open something for one. */
const PERSONAL_WORDS = new Set(
  (
    'email emails mail phone phones tel telephone telefon mobile msisdn whatsapp password passwd pwd passcode token tokens jwt secret session ' +
    'sessionid sid phpsessid jsessionid auth authorization otp ssn iban dob birthday birthdate firstname lastname fname lname surname fullname ' +
    'username nickname address street postcode postalcode zip zipcode signature apikey csrf nonce ip lat lon lng latitude longitude ' +
    'customerid userid memberid contactid subscriberid'
  ).split(' '),
)
/** Names that are so as a whole, and mean something else within longer ones. */
const PERSONAL_NAMES = new Set(
  'e em ph fn ln name user login key code state city uid pass pin sig hash contact customer member mc_eid _kx vero_id _hsenc'.split(
    ' ',
  ),
)
/** Words in names whose values are numbers of something else than a person. */
const ID_WORDS = new Set(
  'id ids order product variant sku item items article ts time timestamp date v ver version ref page count size price amount'.split(
    ' ',
  ),
)

const JWT = /^eyJ[\w-]{8,}(?:\.[\w-]*){1,2}$/
/** SHA-256 or MD5 in hexadecimal: the hash of an e-mail address or of a session, as far as anybody can say. */
const DIGEST = /^(?:[0-9a-f]{32}|[0-9a-f]{64})$/i

export interface ReadPage {
  readonly url: string | undefined
  /** Why something of the address is not sent; undefined where all of it is. */
  readonly leftOut: string | undefined
}

const MASK = '***'

/**
 * The address of a page without what may be about a person in its query, path and fragment. What is left stays as it was written, byte for
 * byte. Reasons name known parameters only, since another name may be whatever somebody wrote.
 */
export function readPage(address: string | undefined): ReadPage {
  if (address === undefined || !MAY_BE_PERSONAL.test(address)) return { url: address, leftOut: undefined }
  const hashAt = address.indexOf('#')
  const beforeHash = hashAt < 0 ? address : address.slice(0, hashAt)
  const queryAt = beforeHash.indexOf('?')
  const path = cleanedPath(queryAt < 0 ? beforeHash : beforeHash.slice(0, queryAt))
  const query = cleanedQuery(queryAt < 0 ? '' : beforeHash.slice(queryAt + 1))
  const fragment = hashAt < 0 ? '' : address.slice(hashAt + 1)
  const isFragmentLost = fragment !== '' && isPersonalFragment(fragment)
  const url =
    path.text +
    (query.text === '' ? '' : `?${query.text}`) +
    (fragment === '' || isFragmentLost ? '' : `#${fragment}`)
  const reasons = [
    ...(query.names.size > 0 ? [`its parameters ${[...query.names].join(', ')}`] : []),
    ...(query.others > 0 ? ['parameters that look like an e-mail address, a phone number or a token'] : []),
    ...(path.isMasked ? ['a part of its path that looks like an e-mail address or a phone number'] : []),
    ...(isFragmentLost ? ['its fragment'] : []),
  ]
  if (reasons.length === 0) return { url: address, leftOut: undefined }
  return { url, leftOut: `is sent without ${reasons.join(', and ')}` }
}

/** Without any of these an address has a path of plain segments. */
const MAY_BE_PERSONAL = /[?#@+]|%40|%2b/i

interface CleanedQuery {
  readonly text: string
  /** Known names among those that were taken out. */
  readonly names: ReadonlySet<string>
  /** How many were taken out for their value. */
  readonly others: number
}

function cleanedQuery(query: string): CleanedQuery {
  const names = new Set<string>()
  let others = 0
  const kept = query.split('&').filter((piece) => {
    const found = personalIn(piece)
    if (found === undefined) return true
    if (found === '') others += 1
    else names.add(found)
    return false
  })
  return { text: names.size + others === 0 ? query : kept.join('&'), names, others }
}

/** The known name for which a parameter is personal, empty where it is so for its value; undefined where it is not. */
function personalIn(piece: string): string | undefined {
  const at = piece.indexOf('=')
  const name = decoded(at < 0 ? piece : piece.slice(0, at))
  const value = decoded(at < 0 ? '' : piece.slice(at + 1))
  const lower = name.toLowerCase()
  if (CLICKS.has(lower)) return undefined
  if (isOfCampaign(lower))
    return hasEmail(value) || (value.trim().startsWith('+') && isPhoneText(value)) ? '' : undefined
  if (hasEmail(name)) return ''
  if (value === '') return undefined
  const known = knownName(name)
  if (known !== undefined) return known
  return isPersonalValue(lower, value) ? '' : undefined
}

/** The word of ours that makes a parameter personal by its name: of `billing[e-mail]` it is `email`. */
function knownName(name: string): string | undefined {
  const lower = name.toLowerCase()
  if (PERSONAL_NAMES.has(lower)) return lower
  const words = wordsOf(name)
  for (const [at, word] of words.entries()) {
    if (PERSONAL_WORDS.has(word)) return word
    const pair = word + (words[at + 1] ?? '')
    if (PERSONAL_WORDS.has(pair)) return pair
  }
  return undefined
}

/** `firstName`, `first_name` and `first-name` are the same two words. */
const wordsOf = (name: string): string[] =>
  name
    .slice(0, MAX_NAME)
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== '')
const MAX_NAME = 200

function isPersonalValue(name: string, value: string): boolean {
  if (hasEmail(value) || isPhoneText(value) || JWT.test(value) || DIGEST.test(value)) return true
  if (isCertainNumber(value)) return !wordsOf(name).some((word) => ID_WORDS.has(word) || word.endsWith('id'))
  // An address of another page, with parameters of its own.
  return value.includes('=') && value.split(/[?&;#]/).some(isPersonalPiece)
}

function isPersonalPiece(piece: string): boolean {
  const at = piece.indexOf('=')
  return at > 0 && at < piece.length - 1 && knownName(decoded(piece.slice(0, at))) !== undefined
}

function cleanedPath(path: string): { readonly text: string; readonly isMasked: boolean } {
  let isMasked = false
  const text = path
    .split('/')
    .map((segment, at) => {
      const plain = decoded(segment)
      // The host is the third part.
      if (at < FIRST_SEGMENT || !(hasEmail(plain) || (plain.startsWith('+') && isPhoneText(plain))))
        return segment
      isMasked = true
      return MASK
    })
    .join('/')
  return { text, isMasked }
}
const FIRST_SEGMENT = 3

const isPersonalFragment = (fragment: string): boolean =>
  hasEmail(decoded(fragment)) ||
  fragment.split(/[?&;]/).some((piece) => piece.includes('=') && personalIn(piece) !== undefined)

/** What is written by percent signs, twice over at most: programs encode what was encoded. */
function decoded(text: string): string {
  const once = decodedOnce(text)
  return once.includes('%') ? decodedOnce(once) : once
}

function decodedOnce(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    // One sign that is none of these must not hide the rest.
    return text.replaceAll(/%([2-7][0-9a-f])/gi, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    )
  }
}
