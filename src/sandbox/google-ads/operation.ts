import type { JsonObject } from '../protocol.ts'
import { type FieldPath, refuse } from './errors.ts'
import { type Mutable, RESOURCES, STRATEGY_TYPES } from './fields.ts'
import { checkEntity } from './rules.ts'
import type { Draft } from './state.ts'
import { camel, fieldAt, valueAt, withValue } from './types.ts'

/** One operation of a mutate request; its JSON has been checked against the field tables. */
export interface MutateOperation {
  readonly resource: Mutable
  readonly create?: JsonObject
  readonly update?: JsonObject
  readonly updateMask?: string
  readonly remove?: string
}

/** What an operation did. */
export interface OperationEffect {
  readonly resource: Mutable
  readonly kind: 'create' | 'update' | 'remove'
  readonly entity: JsonObject
  /** camelCase paths that were written. */
  readonly paths: readonly string[]
}

export interface MutateContext {
  readonly draft: Draft
  /** The real resource name for each temporary one of this request. */
  readonly temporary: Map<string, string>
  /** Resource name of the customer. */
  readonly root: string
  readonly currency: string
}

/** Carries out one operation on the draft, or refuses the whole request. */
export function operate(context: MutateContext, operation: MutateOperation, at: FieldPath): OperationEffect {
  const { create, update, remove } = operation
  const given = [create, update, remove].filter((one) => one !== undefined).length
  if (given !== 1) refuse('REQUIRED', { path: at, message: 'Exactly one operation type must be set.' })
  if (create !== undefined) return doCreate(context, operation.resource, create, [...at, 'create'])
  if (update !== undefined) return doUpdate(context, operation, update, [...at, 'update'])
  return doRemove(context, operation.resource, String(remove), [...at, 'remove'])
}

const DEFAULTS: Readonly<Record<Mutable, JsonObject>> = {
  campaign: { status: 'ENABLED', servingStatus: 'SERVING' },
  // Google's own default, which surprises: an explicitly shared budget can be used by other campaigns.
  campaignBudget: { status: 'ENABLED', deliveryMethod: 'STANDARD', explicitlyShared: true, period: 'DAILY' },
  biddingStrategy: { status: 'ENABLED' },
}

function doCreate(
  context: MutateContext,
  resource: Mutable,
  create: JsonObject,
  at: FieldPath,
): OperationEffect {
  const { fields, collection } = RESOURCES[resource]
  const { resourceName: asked, ...wanted } = create
  const frozen = Object.keys(wanted).find((name) => fields[name]?.output)
  if (frozen !== undefined) refuse('IMMUTABLE_FIELD', { path: [...at, frozen] })
  const id = context.draft.newId()
  const resourceName = `${context.root}/${collection}/${id}`
  if (asked !== undefined) remember(context, collection, String(asked), resourceName, at)
  const entity = { ...DEFAULTS[resource], ...resolved(context, wanted), resourceName, id }
  checkEntity(resource, entity, context.draft, { currency: context.currency, renamed: true, at })
  context.draft.put(resource, entity)
  const paths = Object.entries(wanted).flatMap(([name, value]) =>
    Object.hasOwn(STRATEGY_TYPES, name)
      ? Object.keys(Object(value)).map((inner) => `${name}.${inner}`)
      : [name],
  )
  return { resource, kind: 'create', entity, paths }
}

function remember(
  context: MutateContext,
  collection: string,
  asked: string,
  real: string,
  at: FieldPath,
): void {
  const isTemporary = new RegExp(`^${context.root}/${collection}/-\\d+$`).test(asked)
  if (!isTemporary || context.temporary.has(asked)) {
    refuse('RESOURCE_NAME_MALFORMED', { path: [...at, 'resource_name'], trigger: asked })
  }
  context.temporary.set(asked, real)
}

function doUpdate(
  context: MutateContext,
  { resource, updateMask }: MutateOperation,
  update: JsonObject,
  at: FieldPath,
): OperationEffect {
  const { fields } = RESOURCES[resource]
  const wanted = resolved(context, update)
  const { resourceName } = wanted
  if (typeof resourceName !== 'string') return refuse('RESOURCE_NAME_MISSING', { path: at })
  if (updateMask === undefined || updateMask === '') return refuse('FIELD_MASK_MISSING', { path: at })
  const before = alive(context, resource, resourceName, at)
  const paths = updateMask.split(',').map((path) => camel(path.trim()))
  let entity = before
  for (const path of paths) {
    const names = path.split('.')
    const field = fieldAt(fields, names)
    if (field === undefined) return refuse('FIELD_NOT_FOUND', { path: at, trigger: path })
    if (field.output || path === 'resourceName') return refuse('IMMUTABLE_FIELD', { path: at, trigger: path })
    if (field.type.is === 'message') return refuse('FIELD_HAS_SUBFIELDS', { path: at, trigger: path })
    entity = withValue(withoutRivals(resource, entity, names[0] ?? ''), names, valueAt(wanted, names))
  }
  const renamed = entity['name'] !== before['name']
  checkEntity(resource, entity, context.draft, { currency: context.currency, renamed, at })
  context.draft.put(resource, entity)
  return { resource, kind: 'update', entity, paths }
}

/** Removes the other bidding strategies if one is written: an entity has one at a time. */
function withoutRivals(resource: Mutable, entity: JsonObject, written: string): JsonObject {
  const rivals = [...Object.keys(STRATEGY_TYPES), ...(resource === 'campaign' ? ['biddingStrategy'] : [])]
  if (!rivals.includes(written)) return entity
  const kept = Object.entries(entity).filter(([name]) => name === written || !rivals.includes(name))
  return Object.fromEntries(kept)
}

function doRemove(context: MutateContext, resource: Mutable, name: string, at: FieldPath): OperationEffect {
  const before = alive(context, resource, context.temporary.get(name) ?? name, at)
  if (resource !== 'campaign') {
    const isUsed = context.draft
      .all('campaign')
      .some((campaign) => campaign[resource] === before['resourceName'] && campaign['status'] !== 'REMOVED')
    if (isUsed) {
      refuse(resource === 'campaignBudget' ? 'BUDGET_IN_USE' : 'CANNOT_REMOVE_ASSOCIATED_STRATEGY', {
        path: at,
      })
    }
  }
  const entity = { ...before, status: 'REMOVED' }
  context.draft.put(resource, entity)
  return { resource, kind: 'remove', entity, paths: ['status'] }
}

/** An entity that is not removed. */
function alive({ draft }: MutateContext, resource: Mutable, name: string, at: FieldPath): JsonObject {
  const entity = draft.get(resource, name)
  if (entity['status'] === 'REMOVED')
    refuse('OPERATION_NOT_PERMITTED_FOR_CONTEXT', { path: at, trigger: name })
  return entity
}

const REFERENCES = ['resourceName', 'campaignBudget', 'biddingStrategy']

/** Replaces temporary names of earlier operations of the request by the real ones. */
const resolved = ({ temporary }: MutateContext, entity: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(entity).map(([name, value]) => [
      name,
      REFERENCES.includes(name) && typeof value === 'string' ? (temporary.get(value) ?? value) : value,
    ]),
  )
