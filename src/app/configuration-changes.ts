import type { Audit } from '../audit/index.ts'
import type { Config } from '../config/config.ts'
import { PLATFORMS } from '../connectors/index.ts'
import { parseJson } from '../json/json.ts'
import { toUnits } from '../money.ts'
import type { KeptText, Recovered } from '../storage/index.ts'

const FACT = 'configuration'
/** The number of characters of a key's hash that are recorded: enough to tell keys apart. The whole hash is no secret. */
const FINGERPRINT_CHARS = 12

/**
 * Records which parts of the configuration differ from the previous start, since limits and API keys can be changed there
 * too. The first start has nothing to compare with.
 */
export async function recordConfiguration(
  config: Config,
  audit: Audit,
  { facts }: Pick<Recovered, 'facts'>,
): Promise<void> {
  const now = configured(config)
  const fact: KeptText = { id: FACT, text: JSON.stringify(now) }
  const before = facts.find(({ id }) => id === FACT)
  if (before?.text === fact.text) return
  const earlier: Record<string, unknown> = before ? parseJson(before.text) : now
  const targets = [...new Set([...Object.keys(earlier), ...Object.keys(now)])].filter(
    (target) => JSON.stringify(earlier[target]) !== JSON.stringify(now[target]),
  )
  const changes = targets.map((target) => ({
    ...({ action: 'configuration.changed', target, lowersRisk: false } as const),
    values: () => ({ from: earlier[target], to: now[target] }),
  }))
  await audit.found({ name: 'configuration', org: config.operatorOrg }, changes, fact)
}

/** The compared parts of the configuration by subject; money is in units. */
function configured(config: Config): Record<string, unknown> {
  const { platforms, bidder, sync, budgetWindowMs, maxBid, operatorOrg, apiKeys, oidc } = config
  const budget = (currency: string, max: typeof maxBid) => ({
    currency,
    limits: [{ kind: 'sliding', windowSeconds: budgetWindowMs / 1_000, max: toUnits(max) }],
  })
  const keys = Map.groupBy(apiKeys, ({ name, org }) => `key:${org === undefined ? name : `${name}@${org}`}`)
  return {
    ...Object.fromEntries(
      PLATFORMS.map((name) => [`platform:${name}`, budget(platforms[name].currency, platforms[name].budget)]),
    ),
    ...(sync && { 'platform:dv360': budget(sync.dv360.currency, sync.dv360.budget) }),
    'platform:openrtb': {
      ...budget(bidder.currency, bidder.budget),
      ...(bidder.holdMode.is === 'bounded' && { holdMode: bidder.holdMode }),
    },
    max_bid: toUnits(maxBid),
    operator_organisation: operatorOrg,
    ...(oidc && { sign_in: { issuer: oidc.issuer, groups: Object.fromEntries(oidc.groups) } }),
    ...Object.fromEntries(
      [...keys].map(([name, those]) => [
        name,
        those.map(({ scopes, sha256 }) => ({
          scopes,
          sha256: sha256.toString('hex').slice(0, FINGERPRINT_CHARS),
        })),
      ]),
    ),
  }
}
