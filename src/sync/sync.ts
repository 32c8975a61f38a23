import type { Authorize } from '../api/index.ts'
import type { Clock } from '../clock.ts'
import { AppError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { BudgetManager, Scope } from '../shield/index.ts'
import type { AccountRef, ConnectorType, ReadConnector } from './connectors/read-connector.ts'
import type { Keyring } from './credentials/index.ts'
import type { SyncDeps } from './jobs/index.ts'
import type { AuthorizationDeps, OauthClient, TokenKeeper } from './oauth/index.ts'
import type { OwnSpendOf } from './reconcile/index.ts'
import type { FileStore } from './reports/index.ts'
import type { Breakers, CallDeps, HealthRecord, Limits } from './run/index.ts'
import type { Store, StoreState } from './store/index.ts'
import type { Worker } from './work/index.ts'

/** Who pays for what a change lets a platform spend. */
export interface Payer {
  readonly budget: BudgetManager
  /** What pays for a campaign, as far as there are budgets for it; `campaignId` is empty for one that is not there yet. */
  readonly scopesOf: (type: ConnectorType, campaignId: string) => readonly Scope[]
  /** Names a hold. */
  readonly newId: () => string
}

/** The parts of the read stack, as its calls use them. */
export interface Sync {
  /** Whether connections can be used: their database, and the key of their credentials. Bids and auctions do without. */
  readonly state: StoreState
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly keyring: Keyring
  readonly tokens: TokenKeeper
  readonly limits: Limits
  readonly breakers: Breakers
  readonly health: HealthRecord
  readonly calls: CallDeps
  readonly files: FileStore
  readonly ownSpendOf: OwnSpendOf
  readonly jobs: SyncDeps
  readonly worker: Worker
  readonly authorize: Authorize
  readonly payer: Payer | undefined
  readonly authorization: AuthorizationDeps
  readonly connectors: ReadonlyMap<string, ReadConnector>
  readonly clientOf: (type: string) => OauthClient | undefined
  /** Jobs that run at once. */
  readonly maxConcurrent: number
}

/** The connector of a platform's name as it is written in requests; 404 for one that is not there. */
export function connectorFor({ connectors }: Pick<Sync, 'connectors'>, type: string): ReadConnector {
  const connector = connectors.get(type.toUpperCase())
  if (!connector) {
    const known = [...connectors.keys()].join(', ') || 'none'
    throw new AppError(
      'not_found',
      `There is no platform ${type.slice(0, 50)}; those that can be read: ${known}`,
    )
  }
  return connector
}

export interface OauthParties {
  readonly type: ConnectorType
  readonly server: Extract<ReadConnector['auth'], { is: 'oauth2' }>
  readonly client: OauthClient
}

/** What an authorization with a platform takes. */
export function oauthParties(
  sync: Pick<Sync, 'connectors' | 'clientOf'>,
  type: string,
  settings: AccountRef['settings'],
): OauthParties {
  const connector = connectorFor(sync, type)
  const auth = connector.authFor?.(settings) ?? connector.auth
  if (auth.is !== 'oauth2') {
    throw new AppError(
      'invalid_request',
      `connector_type: ${connector.type} is connected with an API key`,
      'never',
      {
        field: 'connector_type',
      },
    )
  }
  const client = sync.clientOf(connector.type)
  if (!client)
    throw new AppError(
      'invalid_request',
      `connector_type: no OAuth client is configured for ${connector.type}`,
    )
  return { type: connector.type, server: auth, client }
}
