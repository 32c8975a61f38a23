import { type Caller, type Ctx, reasonOfDeletion } from '../../api/index.ts'
import { connect, disconnect, findConnection, type NewConnection } from '../connections.ts'
import type { ConnectorRow } from '../store/index.ts'
import type { Sync } from '../sync.ts'

/** A connection as recorded with a change, without its grant and its settings, which may contain secrets. */
const connectionValue = ({ id, type, account_id, status }: ConnectorRow) => ({
  id,
  type,
  status,
  ...(account_id !== null && { account_id }),
})

/** As {@link connect}, and records who did it. */
export async function connectAudited(
  sync: Sync,
  caller: Caller,
  wanted: NewConnection,
  reason: string | undefined,
): Promise<ConnectorRow> {
  const { connector, connectorId } = wanted
  const earlier = connectorId === undefined ? undefined : await findConnection(sync, caller.org, connectorId)
  const change = {
    action: 'connector.connected',
    target: connectorId ?? connector.type,
    values: () => ({ from: earlier && connectionValue(earlier) }),
    reason,
    lowersRisk: false,
  } as const
  return sync.audit.record(caller, change, () => connect(sync, wanted), connectionValue)
}

/** As {@link disconnect}, and records who did it. */
export async function disconnectAudited(
  sync: Sync,
  c: Ctx,
  caller: Caller,
  row: ConnectorRow,
  remove: boolean,
): Promise<{ revoked: boolean }> {
  const values = () => ({ from: connectionValue(row), to: { removed: remove } })
  const about = {
    action: 'connector.disconnected',
    target: row.id,
    values,
    reason: await reasonOfDeletion(c),
  } as const
  return sync.audit.record(caller, { ...about, lowersRisk: true }, () => disconnect(sync, row, remove))
}
