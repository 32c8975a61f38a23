import { distance } from 'fastest-levenshtein'

/** Prefix of the variables that only commands read. */
const CLIENT_PREFIX = 'BIDWARDEN_'
/** Prefixes that only our variables have. */
const OWN_PREFIX = /^(BIDWARDEN|OPENRTB|TRADEDESK)_/
/**
 * Variables that Kubernetes and Docker links set for a service with one of our names: `…_SERVICE_HOST`, `…_SERVICE_PORT_HTTP`,
 * `…_PORT_8003_TCP_ADDR`, `…_PORT`, `…_NAME`, `…_ENV_…`.
 */
const LINK_NAME =
  /_SERVICE_(?:HOST$|PORT$|PORT_\w)|_PORT_\d{1,5}_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$|_ENV_\w/
const LINK_VALUE = /^((tcp|udp|sctp):\/\/|\/\S+\/)/

/**
 * Our names that other programs use too, or nearly so. For these only transposed letters and single-letter slips count
 * as mistakes; a plural or another word does not.
 */
const COMMON = new Set([
  'PORT',
  'HOST',
  'WORKERS',
  'STORE',
  'API_KEYS',
  'LOG_LEVEL',
  'PUBLIC_URL',
  'DATA_DIR',
  'DATABASE_URL',
  'REDIS_URL',
  'ENCRYPTION_KEY',
  'SANDBOX_PORT',
  'GOOGLE_OAUTH_URL',
  'OAUTH_CLIENTS',
  'CONNECTOR_URLS',
  'NOTIFY_URL',
  'NOTIFY_SECRET',
  'NOTIFY_EVENTS',
  'S3_ENDPOINT',
  'S3_BUCKET',
  'S3_REGION',
  'S3_ACCESS_KEY_ID',
  'S3_SECRET_ACCESS_KEY',
])
/**
 * Names that people write by mistake for a variable of ours. Most are also names of other programs, so they only lead
 * to a warning.
 */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['API_KEY', 'API_KEYS'],
  ['APIKEYS', 'API_KEYS'],
  ['LOGLEVEL', 'LOG_LEVEL'],
  ['LOG_LEVELS', 'LOG_LEVEL'],
  ['DATADIR', 'DATA_DIR'],
  ['DATA_DIRECTORY', 'DATA_DIR'],
  ['DATABASE_URI', 'DATABASE_URL'],
  ['DB_URL', 'DATABASE_URL'],
  ['ENCRYPTIONKEY', 'ENCRYPTION_KEY'],
  ['NOTIFY_URLS', 'NOTIFY_URL'],
  ['NOTIFY_EVENT', 'NOTIFY_EVENTS'],
  ['PUBLIC_URI', 'PUBLIC_URL'],
  ['REDIS_URI', 'REDIS_URL'],
  ['REDIS_URLS', 'REDIS_URL'],
  ['WORKER', 'WORKERS'],
])
/**
 * The length of names from which two letters may be wrong, in characters. In shorter names one may be wrong, or two
 * transposed.
 */
const LONG_NAME_CHARS = 10
/** The length of common names from which one missing, added or wrong letter counts as a slip, in characters. */
const SLIP_NAME_CHARS = 9

/**
 * One line for each unknown variable that looks like a mistyped one of ours; its default would apply silently. Values are
 * not shown, because they may be secrets.
 */
export function mistypedNames(
  variables: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
): string[] {
  const names = new Set(known)
  return Object.entries(variables).flatMap(([name, value = '']) => {
    if (names.has(name) || value === '' || isLink(name, value)) return []
    const meant = OTHER_NAMES.has(name) ? undefined : meantBy(name, known)
    return meant === undefined ? [] : [told(name, meant)]
  })
}

/**
 * {@link mistypedNames} for a command that only calls the service and does not know all its variables. With a mistyped
 * address it would call another service.
 */
export function mistypedClientNames(
  variables: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
): string[] {
  return Object.entries(variables).flatMap(([name, value = '']) => {
    if (known.includes(name) || value === '' || isLink(name, value) || OTHER_NAMES.has(name)) return []
    const written = plainly(name)
    const isOurs = written.startsWith(CLIENT_PREFIX)
    const names = isOurs ? known.filter((one) => one.startsWith(CLIENT_PREFIX)) : known
    const nearest = nearestTo(written, names)
    return nearest !== undefined && (isOurs || isMistyped(written, name, nearest))
      ? [told(name, nearest)]
      : []
  })
}

const told = (name: string, meant: string): string =>
  `${name}: is no variable that is read; did you mean ${meant}?`

/**
 * A line for each unknown variable that may be another program's, if the variable of ours with that meaning is not set.
 */
export function doubtfulNames(variables: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(variables).flatMap(([name, value = '']) => {
    const meant = OTHER_NAMES.get(name)
    if (meant === undefined || value === '' || (variables[meant] ?? '') !== '') return []
    return [
      `${name} is not read and ${meant} is not set; if ${name} is meant for this service, its name is ${meant}`,
    ]
  })
}

const isLink = (name: string, value: string): boolean =>
  LINK_NAME.test(name) || (/_(PORT|NAME)$/.test(name) && LINK_VALUE.test(value))

/** A name in the form of ours. Lower case, dashes and a byte order mark are common mistakes. */
const plainly = (name: string): string =>
  name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_')
    .replace(/^_/, '')

function meantBy(name: string, known: readonly string[]): string | undefined {
  const written = plainly(name)
  const nearest = nearestTo(written, known)
  if (nearest !== undefined && isMistyped(written, name, nearest)) return nearest
  if (!OWN_PREFIX.test(written)) return undefined
  return nearestTo(written.replace(/^BIDWARDEN_/, ''), known) ?? nearest
}

/** The nearest known name; the first one of several. */
function nearestTo(written: string, known: readonly string[]): string | undefined {
  let [nearest, least] = [known[0], Number.POSITIVE_INFINITY]
  for (const one of known) {
    const far = distance(written, one)
    if (far < least) [nearest, least] = [one, far]
  }
  return nearest
}

function isMistyped(written: string, name: string, meant: string): boolean {
  const far = distance(written, meant)
  const hasChangedPlaces = far === 2 && lettersOf(written) === lettersOf(meant)
  if (COMMON.has(meant)) {
    const isOtherwiseWritten = far === 0 && name.toUpperCase() !== meant
    return hasChangedPlaces || isOtherwiseWritten || (far === 1 && isSlip(written, meant))
  }
  // Similar names of other programs differ at the beginning: R2_, AWS_.
  if (written[0] !== meant[0]) return hasChangedPlaces
  return far <= (meant.length < LONG_NAME_CHARS ? 1 : 2) || hasChangedPlaces
}

/**
 * Whether two names that differ in one place differ by a slip: a letter typed twice, or, in a long name, one letter
 * missing, added or wrong within a word. A plural, or another first or last letter, is another program's word.
 */
function isSlip(written: string, meant: string): boolean {
  const at = [...meant].findIndex((letter, index) => letter !== written[index])
  const place = at === -1 ? meant.length : at
  if (written.length > meant.length && written[place] === written[place - 1]) return true
  if (meant.length < SLIP_NAME_CHARS) return false
  if (written.length === meant.length) return isWithinWord(meant, place) && isWithinWord(written, place)
  const longer = written.length > meant.length ? written : meant
  return isWithinWord(longer, place) || (longer === meant && longer[place] === longer[place - 1])
}

/** Whether a letter has letters on both sides. */
const isWithinWord = (text: string, at: number): boolean =>
  /[A-Z]{2}/.test(text.slice(at - 1, at + 1)) && /[A-Z]/.test(text[at + 1] ?? '')

const lettersOf = (text: string): string => [...text].sort().join('')
