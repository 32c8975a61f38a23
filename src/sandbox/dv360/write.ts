import { z } from 'zod'
import { micros, minorDigits } from '../../money.ts'
import { refuseRpc } from '../google/api.ts'
import type { WritableLedger } from '../ledger.ts'
import { isObject, type JsonObject } from '../protocol.ts'
import type { DisplayVideoState } from './state.ts'

const Name = z
  .string()
  .min(1)
  .refine((name) => Buffer.byteLength(name) <= 240, 'is longer than 240 bytes')
const Int64 = z.string().regex(/^[1-9]\d{0,17}$/)
const Day = z.strictObject({
  year: z.int().min(2000).max(2037),
  month: z.int().min(1).max(12),
  day: z.int().min(1).max(31),
})
const FrequencyCap = z.union([
  z.strictObject({ unlimited: z.literal(true) }),
  z.strictObject({
    timeUnit: z.string(),
    timeUnitCount: z.int().min(1),
    maxImpressions: z.int().min(1),
  }),
])
const Pacing = z
  .strictObject({
    pacingPeriod: z.enum(['PACING_PERIOD_DAILY', 'PACING_PERIOD_FLIGHT']),
    pacingType: z.enum(['PACING_TYPE_AHEAD', 'PACING_TYPE_ASAP', 'PACING_TYPE_EVEN']),
    dailyMaxMicros: Int64.optional(),
    dailyMaxImpressions: Int64.optional(),
  })
  .refine(
    ({ pacingPeriod, pacingType }) =>
      pacingType !== 'PACING_TYPE_AHEAD' || pacingPeriod === 'PACING_PERIOD_FLIGHT',
    'is only possible for a flight',
  )
const Status = z.enum(['ENTITY_STATUS_ACTIVE', 'ENTITY_STATUS_PAUSED', 'ENTITY_STATUS_ARCHIVED'])

const NewCampaign = z.strictObject({
  displayName: Name,
  entityStatus: z.enum(['ENTITY_STATUS_ACTIVE', 'ENTITY_STATUS_PAUSED']),
  campaignGoal: z.strictObject({
    campaignGoalType: z.enum(
      ['APP_INSTALL', 'BRAND_AWARENESS', 'OFFLINE_ACTION', 'ONLINE_ACTION'].map(
        (goal) => `CAMPAIGN_GOAL_TYPE_${goal}`,
      ),
    ),
    performanceGoal: z.strictObject({
      performanceGoalType: z.string().startsWith('PERFORMANCE_GOAL_TYPE_'),
      performanceGoalAmountMicros: Int64.optional(),
      performanceGoalString: z.string().max(100).optional(),
    }),
  }),
  campaignFlight: z.strictObject({
    plannedSpendAmountMicros: Int64.optional(),
    plannedDates: z.strictObject({ startDate: Day, endDate: Day.optional() }),
  }),
  frequencyCap: FrequencyCap,
})
const NewOrder = z.strictObject({
  campaignId: z.string(),
  displayName: Name,
  entityStatus: z.literal('ENTITY_STATUS_DRAFT'),
  pacing: Pacing,
  frequencyCap: FrequencyCap,
  kpi: z.strictObject({
    kpiType: z.string().startsWith('KPI_TYPE_'),
    kpiAmountMicros: Int64.optional(),
    kpiString: z.string().max(100).optional(),
  }),
  budget: z.strictObject({
    budgetUnit: z.enum(['BUDGET_UNIT_CURRENCY', 'BUDGET_UNIT_IMPRESSIONS']),
    automationType: z.string().startsWith('INSERTION_ORDER_AUTOMATION_TYPE_').optional(),
    budgetSegments: z
      .array(
        z.strictObject({
          budgetAmountMicros: Int64,
          dateRange: z
            .strictObject({ startDate: Day, endDate: Day })
            .refine(({ startDate, endDate }) => numberOf(startDate) <= numberOf(endDate), 'is reversed'),
        }),
      )
      .min(1),
  }),
})
const CampaignChange = z.strictObject({ displayName: Name, entityStatus: Status }).partial()
const OrderChange = z.strictObject({ displayName: Name, entityStatus: Status, pacing: Pacing }).partial()

const numberOf = ({ year, month, day }: z.output<typeof Day>): number => (year * 12 + month) * 31 + day

/** Creates and changes campaigns and insertion orders. */
export function createDisplayVideoWriter(state: DisplayVideoState, ledger: WritableLedger) {
  /** @param amount of a budget, in micros */
  const record = (
    advertiserId: string,
    campaignId: string,
    { amount = 0, status }: { amount?: number; status?: string },
  ) => {
    ledger.apply({
      platform: 'dv360',
      kind: status === undefined ? 'budget' : 'status',
      campaignId,
      amount: micros(amount),
      currency: state.currencyOf(advertiserId),
      ...(status !== undefined && { status }),
    })
  }

  /** The pacing with its daily amount rounded down to whole billable units, but to at least one. */
  function billable(advertiserId: string, pacing: z.output<typeof Pacing>): z.output<typeof Pacing> {
    if (pacing.dailyMaxMicros === undefined) return pacing
    const unit = 10 ** (6 - Math.min(2, minorDigits(state.currencyOf(advertiserId))))
    const units = Math.max(1, Math.floor(Number(pacing.dailyMaxMicros) / unit))
    return { ...pacing, dailyMaxMicros: String(units * unit) }
  }

  return {
    create(advertiserId: string, collection: string, body: unknown): JsonObject {
      if (collection === 'campaigns') {
        const made = state.add(advertiserId, collection, 'campaignId', checked(NewCampaign, body))
        record(advertiserId, String(made['campaignId']), { status: String(made['entityStatus']) })
        return made
      }
      if (collection !== 'insertionOrders') refuseRpc('NOT_FOUND')
      const wanted = checked(NewOrder, body)
      state.find(advertiserId, 'campaigns', 'campaignId', wanted.campaignId)
      const pacing = billable(advertiserId, wanted.pacing)
      const made = state.add(advertiserId, collection, 'insertionOrderId', { ...wanted, pacing })
      record(advertiserId, wanted.campaignId, { amount: Number(pacing.dailyMaxMicros ?? 0) })
      return made
    },

    /** Changes the fields that the mask names; the rest of the body is ignored. */
    patch(
      advertiserId: string,
      collection: string,
      id: string,
      mask: readonly string[],
      body: unknown,
    ): JsonObject {
      if (mask.length === 0) refuseRpc('INVALID_ARGUMENT', 'update_mask is required.')
      if (!isObject(body)) refuseRpc('INVALID_ARGUMENT')
      const named = Object.fromEntries(mask.map((field) => [field, body[field]]))
      if (collection === 'campaigns') {
        const campaign = state.find(advertiserId, collection, 'campaignId', id)
        const change = checked(CampaignChange, named)
        if (change.entityStatus !== undefined) record(advertiserId, id, { status: change.entityStatus })
        return state.replace(advertiserId, collection, campaign, change)
      }
      if (collection !== 'insertionOrders') refuseRpc('NOT_FOUND')
      const order = state.find(advertiserId, collection, 'insertionOrderId', id)
      const { pacing, ...change } = checked(OrderChange, named)
      const campaignId = String(order['campaignId'])
      const campaign = state.find(advertiserId, 'campaigns', 'campaignId', campaignId)
      const isActive = campaign['entityStatus'] === 'ENTITY_STATUS_ACTIVE'
      if (change.entityStatus === 'ENTITY_STATUS_ACTIVE' && !isActive)
        refuseRpc('FAILED_PRECONDITION', 'The campaign of the insertion order is not active.')
      const rounded = pacing && billable(advertiserId, pacing)
      if (rounded?.dailyMaxMicros !== undefined)
        record(advertiserId, campaignId, { amount: Number(rounded.dailyMaxMicros) })
      return state.replace(advertiserId, collection, order, {
        ...change,
        ...(rounded && { pacing: rounded }),
      })
    },
  }
}

function checked<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  return refuseRpc('INVALID_ARGUMENT', `${issue?.path.join('.')}: ${issue?.message}`)
}
