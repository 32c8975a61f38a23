import { distance } from 'fastest-levenshtein'

/** Nobody else's variables begin like this. */
const OWN_PREFIX = /^(BIDWARDEN|OPENRTB|TRADEDESK)_/
/**
 * What Kubernetes and links of Docker set for a service that has a name of ours: `…_SERVICE_HOST`, `…_SERVICE_PORT_HTTP`,
 * `…_PORT_8003_TCP_ADDR`, `…_PORT`, `…_NAME`, `…_ENV_…`.
 */
const LINK_NAME = /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$|_ENV_\w+$/
const LINK_VALUE = /^((tcp|udp|sctp):\/\/|\/\S+\/)/

/** Ours, but other programs have them too, or others so like them that only letters in the wrong order tell a mistake. */
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
  'S3_ENDPOINT',
  'S3_BUCKET',
  'S3_REGION',
  'S3_ACCESS_KEY_ID',
  'S3_SECRET_ACCESS_KEY',
])
/** From this many characters on two of them may be wrong; in shorter names one, or two that have changed places. */
const LONG_NAME_CHARS = 10

/**
 * A line for each variable that is not known but looks as if one of ours was meant, since its default would be in force in
 * silence. Values are not shown, they may be secrets.
 */
export function mistypedNames(
  variables: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
): string[] {
  const names = new Set(known)
  return Object.entries(variables).flatMap(([name, value = '']) => {
    if (names.has(name) || value === '' || isLink(name, value)) return []
    const meant = meantBy(name, known)
    return meant === undefined ? [] : [`${name}: is no variable that is read; did you mean ${meant}?`]
  })
}

const isLink = (name: string, value: string): boolean =>
  LINK_NAME.test(name) || (/_(PORT|NAME)$/.test(name) && LINK_VALUE.test(value))

function meantBy(name: string, known: readonly string[]): string | undefined {
  // Small letters, dashes and the mark at the beginning of a file are mistakes too.
  const written = name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_')
    .replace(/^_/, '')
  const nearest = nearestTo(written, known)
  if (nearest !== undefined && isMistyped(written, name, nearest)) return nearest
  if (!OWN_PREFIX.test(written)) return undefined
  return nearestTo(written.replace(/^BIDWARDEN_/, ''), known) ?? nearest
}

/** The first of those that are nearest. */
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
  if (COMMON.has(meant)) return hasChangedPlaces || (far === 0 && name.toUpperCase() !== meant)
  // What others call alike differs at the beginning: R2_, AWS_.
  if (written[0] !== meant[0]) return hasChangedPlaces
  return far <= (meant.length < LONG_NAME_CHARS ? 1 : 2) || hasChangedPlaces
}

const lettersOf = (text: string): string => [...text].sort().join('')
