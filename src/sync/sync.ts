import { type Authorize, idShown } from '../api/index.ts'
import type { Audit } from '../audit/index.ts'
import {
  type AccountRef,
  type Breakers,
  type CallDeps,
  type CallLimit,
  type ConnectionTokens,
  type Connector,
  type ConnectorType,
  type DateRange,
  type HealthRecord,
  type Limits,
  typeNamed,
} from '../connectors/index.ts'
import { AppError, invalidField } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { BudgetManager, Scope } from '../shield/index.ts'
import type { Clock } from '../time/clock.ts'
import type { Keyring } from './credentials/index.ts'
import type { SyncDeps } from './jobs/index.ts'
import type { AuthorizationDeps, OauthClient } from './oauth/index.ts'
import type { OwnSpendOf } from './reconcile/index.ts'
import type { FileStore } from './reports/index.ts'
import type { Store, StoreState } from './store/index.ts'
import type { SyncLimits } from './table-limits.ts'
import type { JobRunner } from './work/index.ts'

/** Pays for changes that let a platform spend more. */
export interface CampaignPayer {
  readonly budget: BudgetManager
  /**
   * Scopes that pay for a campaign, as far as budgets exist; `campaignId` is empty for a new campaign. Throws 401 where the
   * key that pays has been revoked.
   * @param payingKey id of the API key whose own budget pays too
   */
  readonly scopesOf: (
    type: ConnectorType,
    campaignId: string,
    orgId: number,
    payingKey: string | undefined,
  ) => readonly Scope[]
  /** The refusal as the organisation may read it. */
  readonly refusalFor: (error: AppError, orgId: number) => AppError
  /** Id of a new hold. */
  readonly newId: () => string
}

/** The parts of the read stack, as its routes use them. */
export interface Sync {
  /**
   * Whether connections can be used: their database and the key of their credentials. Bids and auctions do not need
   * them.
   */
  readonly state: StoreState
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly keyring: Keyring
  readonly tokens: ConnectionTokens
  readonly limits: Limits
  readonly breakers: Breakers
  readonly health: HealthRecord
  readonly calls: CallDeps
  readonly files: FileStore
  readonly ownSpendOf: OwnSpendOf
  readonly jobs: SyncDeps
  readonly jobRunner: JobRunner
  readonly authorize: Authorize
  /** Records who changed what. */
  readonly audit: Audit
  readonly payer: CampaignPayer | undefined
  readonly authorization: AuthorizationDeps
  readonly connectors: ReadonlyMap<string, Connector>
  readonly clientOf: (type: string) => OauthClient | undefined
  /** Limits of a platform for one account, from the configuration or the connector. */
  readonly limitsOf: (type: ConnectorType) => readonly CallLimit[]
  readonly tableLimits: SyncLimits
  /** Most jobs at once. */
  readonly maxConcurrent: number
  /** Milliseconds that a platform usually takes to make a report; 0 for one that it answers at once. */
  readonly makingMs: (connector: Connector, reportType: string, range: DateRange | undefined) => number
}

/** Connector of a platform by its name in requests; throws 404 for an unknown one. */
export function connectorFor({ connectors }: Pick<Sync, 'connectors'>, type: string): Connector {
  const connector = connectors.get(typeNamed(type) ?? type.toUpperCase())
  if (!connector) {
    const known = [...connectors.keys()].join(', ') || 'none'
    throw new AppError('not_found', `There is no platform ${idShown(type)}; those that can be read: ${known}`)
  }
  return connector
}

export interface OauthParties {
  readonly type: ConnectorType
  readonly server: Extract<Connector['auth'], { is: 'oauth2' }>
  readonly client: OauthClient
}

/** Server and client of an authorization with a platform. */
export function oauthParties(
  sync: Pick<Sync, 'connectors' | 'clientOf'>,
  type: string,
  settings: AccountRef['settings'],
): OauthParties {
  const connector = connectorFor(sync, type)
  const auth = connector.authFor?.(settings) ?? connector.auth
  if (auth.is !== 'oauth2') {
    throw invalidField('connector_type', `${connector.type} is connected with an API key`)
  }
  const client = sync.clientOf(connector.type)
  if (!client)
    throw new AppError(
      'invalid_request',
      `connector_type: no OAuth client is configured for ${connector.type}`,
    )
  return { type: connector.type, server: auth, client }
}
