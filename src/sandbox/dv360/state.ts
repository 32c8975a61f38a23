import type { Clock } from '../../time/clock.ts'
import { refuseRpc } from '../google/api.ts'
import type { JsonObject } from '../protocol.ts'

export const ADVERTISERS = [
  { advertiserId: '77', displayName: 'Acme', currencyCode: 'EUR', timeZone: 'Europe/Berlin' },
  { advertiserId: '78', displayName: 'Acme Japan', currencyCode: 'JPY', timeZone: 'Asia/Tokyo' },
  { advertiserId: '79', displayName: 'Acme US', currencyCode: 'USD', timeZone: 'America/New_York' },
] as const
const LINE_ITEMS = 5

const status = (index: number) =>
  `ENTITY_STATUS_${['ACTIVE', 'PAUSED', 'DRAFT', 'ACTIVE', 'ARCHIVED'][index % LINE_ITEMS]}`
const changed = (index: number) => `2026-11-${String(10 + index).padStart(2, '0')}T08:00:00Z`

const entitiesOf = (advertiserId: string): Readonly<Record<string, readonly JsonObject[]>> => ({
  campaigns: [1, 2, 3].map((n) => ({
    advertiserId,
    campaignId: `${advertiserId}0${n}`,
    displayName: `Campaign ${n}`,
    entityStatus: status(n - 1),
    updateTime: changed(n),
  })),
  insertionOrders: [
    {
      advertiserId,
      campaignId: `${advertiserId}01`,
      insertionOrderId: `${advertiserId}11`,
      displayName: 'Insertion order 1',
      insertionOrderType: 'RTB',
      entityStatus: status(0),
      pacing: {
        pacingPeriod: 'PACING_PERIOD_DAILY',
        pacingType: 'PACING_TYPE_EVEN',
        dailyMaxMicros: '100000000',
      },
      updateTime: changed(0),
    },
  ],
  lineItems: Array.from({ length: LINE_ITEMS }, (_, index) => ({
    advertiserId,
    campaignId: `${advertiserId}01`,
    insertionOrderId: `${advertiserId}11`,
    lineItemId: `${advertiserId}2${index}`,
    displayName: `Line item ${index}`,
    lineItemType: 'LINE_ITEM_TYPE_DISPLAY_DEFAULT',
    entityStatus: status(index),
    updateTime: changed(index),
    budget: { budgetAllocationType: 'LINE_ITEM_BUDGET_ALLOCATION_TYPE_FIXED', maxAmount: '25000000' },
    bidStrategy: { fixedBid: { bidAmountMicros: '1500000' } },
  })),
})

export type DisplayVideoState = ReturnType<typeof createDisplayVideoState>

/** The campaigns, insertion orders and line items of the advertisers, kept while the sandbox runs. */
export function createDisplayVideoState(clock: Clock) {
  const byAdvertiser = new Map(
    ADVERTISERS.map(({ advertiserId }) => {
      const entities = Object.entries(entitiesOf(advertiserId))
      const copy = new Map<string, JsonObject[]>(entities.map(([name, all]) => [name, [...all]]))
      return [advertiserId as string, copy]
    }),
  )
  const collection = (advertiserId: string, name: string): JsonObject[] =>
    (byAdvertiser.get(advertiserId) ?? refuseRpc('PERMISSION_DENIED')).get(name) ?? refuseRpc('NOT_FOUND')
  const stamped = () => ({ updateTime: new Date(clock.nowMs()).toISOString() })

  return {
    collection,
    currencyOf: (advertiserId: string): string =>
      ADVERTISERS.find((one) => one.advertiserId === advertiserId)?.currencyCode ?? 'USD',
    find: (advertiserId: string, name: string, idField: string, id: string): JsonObject =>
      collection(advertiserId, name).find((one) => one[idField] === id) ?? refuseRpc('NOT_FOUND'),
    add(advertiserId: string, name: string, idField: string, fields: JsonObject): JsonObject {
      const all = collection(advertiserId, name)
      const made = {
        ...fields,
        advertiserId,
        [idField]: `${advertiserId}${name.length}${all.length + 1}`,
        ...stamped(),
      }
      all.push(made)
      return made
    },
    replace(advertiserId: string, name: string, before: JsonObject, fields: JsonObject): JsonObject {
      const all = collection(advertiserId, name)
      const after = { ...before, ...fields, ...stamped() }
      all[all.indexOf(before)] = after
      return after
    },
  }
}
