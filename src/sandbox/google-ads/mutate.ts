import { micros } from '../../money.ts'
import type { SandboxAccount } from '../ledger.ts'
import { isObject, type JsonObject, Refusal } from '../protocol.ts'
import { refuse, statusError } from './errors.ts'
import { MUTABLE, type Mutable, RESOURCES } from './fields.ts'
import { type MutateContext, type MutateOperation, type OperationEffect, operate } from './operation.ts'
import type { GoogleState } from './state.ts'
import { bool, checkJson, type Field, listOf, message, oneOf, snake, string, valueAt } from './types.ts'

/** The most operations of one request. */
const MAX_OPERATIONS = 10_000
/** The custom parameter with the caller's decision id. */
const DECISION_KEY = 'bwid'

const operationOf = (resource: Mutable): Field => {
  const entity = message(RESOURCES[resource].fields)
  return message({ create: entity, update: entity, updateMask: string, remove: string })
}
const options = {
  partialFailure: bool,
  validateOnly: bool,
  responseContentType: oneOf('RESOURCE_NAME_ONLY', 'MUTABLE_RESOURCE'),
}
const crossTypeBody = message({
  mutateOperations: listOf(
    message(Object.fromEntries(MUTABLE.map((name) => [`${name}Operation`, operationOf(name)]))),
  ),
  ...options,
})
const singleTypeBody = (resource: Mutable) =>
  message({ operations: listOf(operationOf(resource)), ...options })

interface PlacedOperation {
  readonly operation: MutateOperation
  readonly at: Parameters<typeof operate>[2]
}

/**
 * `googleAds:mutate`, and `:mutate` of a single resource. All operations of a request are carried out or none.
 * @param root resource name of the customer
 */
export function createMutate({ currency, ledger }: SandboxAccount, state: GoogleState, root: string) {
  return {
    acrossTypes(body: JsonObject): JsonObject {
      checkJson(crossTypeBody.type, body, '')
      const changes = mutate(body, list(body['mutateOperations']).map(unwrapped))
      if (body['validateOnly'] === true) return {}
      const responses = changes.map((change) => ({ [`${change.resource}Result`]: result(change, body) }))
      return { mutateOperationResponses: responses }
    },
    ofOneType(resource: Mutable, body: JsonObject): JsonObject {
      checkJson(singleTypeBody(resource).type, body, '')
      const placed = list(body['operations']).map(
        (operation, index): PlacedOperation => ({
          operation: { ...operation, resource },
          at: [['operations', index]],
        }),
      )
      const changes = mutate(body, placed)
      return body['validateOnly'] === true ? {} : { results: changes.map((change) => result(change, body)) }
    },
  }

  function mutate(body: JsonObject, placed: readonly PlacedOperation[]): readonly OperationEffect[] {
    if (body['partialFailure'] === true) {
      throw new Refusal(statusError('UNIMPLEMENTED', 'The sandbox does not play partial failure.'))
    }
    if (placed.length === 0) refuse('REQUIRED', { path: ['operations'] })
    if (placed.length > MAX_OPERATIONS) refuse('TOO_MANY_MUTATE_OPERATIONS')
    const context: MutateContext = { draft: state.draft(), temporary: new Map(), root, currency }
    const changes = placed.map(({ operation, at }) => operate(context, operation, at))
    if (body['validateOnly'] === true) return changes
    context.draft.commit()
    record(changes)
    return changes
  }

  function record(changes: readonly OperationEffect[]): void {
    for (const change of changes) {
      if (change.resource === 'campaign') recordCampaign(change, changes)
      if (change.resource === 'campaignBudget' && change.kind === 'update') recordBudget(change)
    }
  }

  function recordCampaign(
    { kind, entity, paths }: OperationEffect,
    changes: readonly OperationEffect[],
  ): void {
    const write = { platform: 'google_ads', campaignId: String(entity['id']), currency } as const
    if (kind !== 'create' && paths.includes('status')) {
      ledger.apply({ ...write, kind: 'status', amount: micros(0), status: String(entity['status']) })
    }
    const decisionId = list(entity['urlCustomParameters']).find(({ key }) => key === DECISION_KEY)?.['value']
    const ceiling = ceilingSet(entity['biddingStrategy'], changes)
    if (paths.includes('urlCustomParameters') && typeof decisionId === 'string' && ceiling !== undefined) {
      ledger.apply({ ...write, kind: 'bid', decisionId, amount: micros(Number(ceiling)) })
    }
  }

  function recordBudget({ entity, paths }: OperationEffect): void {
    if (!paths.includes('amountMicros')) return
    const user = state
      .all('campaign')
      .find((campaign) => campaign['campaignBudget'] === entity['resourceName'])
    const amount = micros(Number(entity['amountMicros']))
    const campaignId = String(user?.['id'] ?? '')
    ledger.apply({ platform: 'google_ads', kind: 'budget', campaignId, amount, currency })
  }

  function result({ resource, entity }: OperationEffect, body: JsonObject): JsonObject {
    const { resourceName } = entity
    if (body['responseContentType'] !== 'MUTABLE_RESOURCE') return { resourceName }
    return { resourceName, [resource]: state.shown(resource, entity) }
  }
}

/** The ceiling in micros that one of the changes has set on a strategy. */
function ceilingSet(strategy: unknown, changes: readonly OperationEffect[]): unknown {
  const found = changes.find(
    ({ resource, entity, paths }) =>
      resource === 'biddingStrategy' &&
      entity['resourceName'] === strategy &&
      paths.some((path) => path.endsWith('.cpcBidCeilingMicros')),
  )
  const path = found?.paths.find((one) => one.endsWith('.cpcBidCeilingMicros'))
  return found === undefined || path === undefined ? undefined : valueAt(found.entity, path.split('.'))
}

function unwrapped(wrapped: JsonObject, index: number): PlacedOperation {
  const given = MUTABLE.filter((name) => wrapped[`${name}Operation`] !== undefined)
  const [resource] = given
  const at = [['mutate_operations', index]] as const
  if (resource === undefined || given.length > 1) return refuse('REQUIRED', { path: at })
  const operation = wrapped[`${resource}Operation`]
  return {
    operation: { ...(isObject(operation) ? operation : {}), resource },
    at: [...at, `${snake(resource)}_operation`],
  }
}

const list = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])
