/**
 * Every platform by its id. `connector` is its name where accounts are connected, in requests and in the database; `also`
 * are other names by which it may be requested, of which only letters and digits count. What can be done at each is in
 * `registry.ts`.
 */
const NAMES = {
  dv360: { connector: 'DV360', also: ['Display & Video 360', 'Display Video 360', 'Google DV360'] },
  tradedesk: { connector: 'TTD', also: ['The Trade Desk', 'Trade Desk'] },
  meta: { connector: 'META', also: ['Meta Ads', 'Facebook', 'Facebook Ads'] },
  google_ads: { connector: 'GOOGLE_ADS', also: ['Google Ads', 'AdWords'] },
  amazon_dsp: { connector: 'AMAZON_DSP', also: ['Amazon DSP', 'Amazon'] },
  sheets: { connector: 'SHEETS', also: ['Google Sheets', 'CRM', 'CRM (Sheets)'] },
  ga4: { connector: 'GA4', also: ['Google Analytics', 'Google Analytics 4'] },
  resend: { connector: 'RESEND', also: ['Resend Email'] },
} as const

export type PlatformId = keyof typeof NAMES
const PLATFORM_IDS = Object.keys(NAMES).filter((id): id is PlatformId => Object.hasOwn(NAMES, id))
export type ConnectorType = (typeof NAMES)[PlatformId]['connector']

/** The platforms that take bids. */
export const PLATFORMS = ['google_ads', 'meta', 'tradedesk'] as const satisfies readonly PlatformId[]
export type PlatformName = (typeof PLATFORMS)[number]

/** The platforms whose accounts can be connected, by their names in the API. */
export const CONNECTOR_TYPES: readonly ConnectorType[] = Object.values(NAMES).map(
  ({ connector }) => connector,
)

const idOf = new Map<ConnectorType, PlatformId>()
const typeOf = new Map<string, ConnectorType>()
const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')
for (const id of PLATFORM_IDS) {
  const { connector, also } = NAMES[id]
  idOf.set(connector, id)
  for (const name of [connector, ...also]) typeOf.set(plain(name), connector)
}

/** The platform with this name; undefined for an unknown one. */
export const typeNamed = (name: string): ConnectorType | undefined => typeOf.get(plain(name.slice(0, 50)))

/** Other names by which a platform may be requested. */
export const otherNames = (type: ConnectorType): readonly string[] => NAMES[platformIdOf(type)].also

export function platformIdOf(type: ConnectorType): PlatformId {
  const id = idOf.get(type)
  if (id === undefined) throw new Error(`there is no platform ${type}`)
  return id
}

/** The platform as bids know it; undefined where none are placed. */
export const bidPlatformOf = (type: ConnectorType): PlatformName | undefined =>
  PLATFORMS.find((platform) => platform === platformIdOf(type))
