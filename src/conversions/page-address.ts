import { hasEmail, isCertainNumber, isPhoneText } from './personal-text.ts'

/** Parameters by which platforms recognise a click or a campaign: they are sent unchanged. */
const CLICKS = new Set(
  (
    'fbclid gclid gbraid wbraid dclid gclsrc gad_source gad_campaignid srsltid ttclid sccid msclkid twclid li_fat_id epik ' +
    'rdt_cid yclid irclickid igshid'
  ).split(' '),
)
const isOfCampaign = (name: string): boolean => name.startsWith('utm_')

/** A parameter whose name contains one of these words is about a person, or is a secret of one. */
const PERSONAL_WORDS = new Set(
  (
    'email emails mail phone phones tel telephone telefon mobile msisdn whatsapp password passwd pwd passcode token tokens jwt secret session ' +
    'sessionid sid phpsessid jsessionid auth authorization otp ssn iban dob birthday birthdate firstname lastname fname lname surname fullname ' +
    'username nickname address street postcode postalcode zip zipcode signature apikey csrf nonce ip lat lon lng latitude longitude ' +
    'customerid userid memberid contactid subscriberid'
  ).split(' '),
)
/** Names that mean a person only as a whole, not as a word within a longer name. */
const PERSONAL_NAMES = new Set(
  'e em ph fn ln name user login key code state city uid pass pin sig hash contact customer member mc_eid _kx vero_id _hsenc'.split(
    ' ',
  ),
)
/** A parameter whose name contains one of these words has a number that is not personal. */
const ID_WORDS = new Set(
  'id ids order product variant sku item items article ts time timestamp date v ver version ref page count size price amount'.split(
    ' ',
  ),
)

const JWT = /^eyJ[\w-]{8,}(?:\.[\w-]*){1,2}$/
/** A SHA-256 or MD5 digest in hexadecimal: it could be the hash of an e-mail address or of a session. */
const DIGEST = /^(?:[0-9a-f]{32}|[0-9a-f]{64})$/i

export interface ReadPage {
  readonly url: string | undefined
  /** Why a part of the address is not sent; undefined if all of it is. */
  readonly leftOut: string | undefined
}

const MASK = '***'

/**
 * The address of a page without the parts of its query, path and fragment that may be personal. The rest stays
 * unchanged, byte for byte. Reasons name known parameters only, since the name of any other may itself be personal.
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

/** An address without any of these characters has a path of plain segments and nothing to remove. */
const MAY_BE_PERSONAL = /[?#@+]|%40|%2b/i

interface CleanedQuery {
  readonly text: string
  /** The known names among the parameters that were removed. */
  readonly names: ReadonlySet<string>
  /** How many parameters were removed for their value. */
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

/**
 * The known name for which a parameter is personal, '' if it is personal for its value, undefined if it is not
 * personal.
 */
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

/** The known word that makes a parameter personal by its name: `email` for `billing[e-mail]`. */
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

/** Splits a name into words: `firstName`, `first_name` and `first-name` have the same two. */
const wordsOf = (name: string): string[] =>
  name
    .slice(0, MAX_NAME)
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== '')
/** The longest part of a parameter's name that is split, in characters. */
const MAX_NAME = 200

function isPersonalValue(name: string, value: string): boolean {
  if (hasEmail(value) || isPhoneText(value) || JWT.test(value) || DIGEST.test(value)) return true
  if (isCertainNumber(value)) return !wordsOf(name).some((word) => ID_WORDS.has(word) || word.endsWith('id'))
  // The value is the address of another page, with parameters of its own.
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
      if (at < FIRST_SEGMENT || !(hasEmail(plain) || (plain.startsWith('+') && isPhoneText(plain))))
        return segment
      isMasked = true
      return MASK
    })
    .join('/')
  return { text, isMasked }
}
/** Index of the first part of a path: the scheme, an empty part and the host come before it. */
const FIRST_SEGMENT = 3

const isPersonalFragment = (fragment: string): boolean =>
  hasEmail(decoded(fragment)) ||
  fragment.split(/[?&;]/).some((piece) => piece.includes('=') && personalIn(piece) !== undefined)

/** Decodes percent signs, up to twice: some programs encode text that was encoded already. */
function decoded(text: string): string {
  const once = decodedOnce(text)
  return once.includes('%') ? decodedOnce(once) : once
}

function decodedOnce(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    // One invalid percent sign must not keep the rest from being decoded.
    return text.replaceAll(/%([2-7][0-9a-f])/gi, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    )
  }
}
