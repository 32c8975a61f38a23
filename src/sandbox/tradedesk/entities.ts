import { z } from 'zod'
import { isCurrency } from '../../money.ts'
import { perCurrency } from '../per-currency.ts'
import { type Complaint, refuse } from './errors.ts'

/** An amount in units of the advertiser's currency, with up to six decimals. */
const Money = (currency: string) =>
  z.strictObject({
    Amount: z
      .number()
      .min(0)
      .max(9_000_000_000)
      .refine((amount) => Math.abs(amount * 1e6 - Math.round(amount * 1e6)) < 1e-3, 'too many decimals'),
    CurrencyCode: z
      .string()
      .refine(isCurrency, 'is not an ISO 4217 currency')
      .refine((code) => code === currency, `must be the currency of the advertiser, ${currency}`),
  })

const Availability = z.enum(['Available', 'Paused', 'Archived'])

/** A campaign's id, and the properties that can be changed. */
export const CampaignChange = perCurrency((currency) =>
  z.strictObject({
    CampaignId: z.string(),
    CampaignName: z.string().min(1).max(256).optional(),
    Description: z.string().nullable().optional(),
    Availability: Availability.optional(),
    Budget: Money(currency).nullable().optional(),
    DailyBudget: Money(currency).nullable().optional(),
    PacingMode: z.enum(['PaceAhead', 'PaceEvenly', 'Off']).optional(),
    StartDate: z.string().optional(),
    EndDate: z.string().nullable().optional(),
  }),
)

/** The properties of a new campaign. */
export const NewCampaign = perCurrency((currency) =>
  CampaignChange(currency)
    .omit({ CampaignId: true })
    .extend({
      AdvertiserId: z.literal('adv-sandbox'),
      CampaignName: z.string().min(1).max(256),
      Version: z.literal('Kokai'),
      Budget: Money(currency),
      StartDate: z.iso.datetime({ local: true }),
      CampaignConversionReportingColumns: z.array(z.unknown()),
      PrimaryGoal: z.record(z.string(), z.literal(true)),
      PrimaryChannel: z.enum(['Display', 'Video', 'Audio', 'ConnectedTV', 'Native']),
      IncludeDefaultsFromAdvertiser: z.boolean().optional(),
    }),
)

/** An ad group's id, and the properties that can be changed. */
export const AdGroupChange = perCurrency((currency) =>
  z.strictObject({
    AdGroupId: z.string(),
    AdGroupName: z.string().min(1).max(256).optional(),
    Description: z.string().nullable().optional(),
    IsEnabled: z.boolean().optional(),
    Availability: Availability.optional(),
    RTBAttributes: z
      .strictObject({
        BaseBidCPM: Money(currency).optional(),
        MaxBidCPM: Money(currency).optional(),
        BudgetSettings: z
          .strictObject({
            Budget: Money(currency).nullable().optional(),
            DailyBudget: Money(currency).optional(),
          })
          .optional(),
      })
      .optional(),
  }),
)

/**
 * The change that a PUT body asks for. A wrong value is refused with status 400. So is an unknown property in strict
 * mode; otherwise the property is ignored, as the platform does.
 */
export function readChange<T>(schema: z.ZodType<T>, body: unknown, strict: boolean): T {
  const first = schema.safeParse(body)
  if (first.success) return first.data
  const { issues } = first.error
  const unknown = issues.filter((issue) => issue.code === 'unrecognized_keys')
  if (strict || unknown.length < issues.length) refuse('bad_request', complaints(issues))
  return readChange(schema, withoutKeys(body, unknown), strict)
}

const complaints = (issues: readonly z.core.$ZodIssue[]): Complaint[] =>
  issues.flatMap((issue): Complaint[] => {
    if (issue.code !== 'unrecognized_keys') return [[issue.path.join('.'), issue.message]]
    return issue.keys.map((key) => [[...issue.path, key].join('.'), 'Unknown or read-only property.'])
  })

function withoutKeys(body: unknown, unknown: readonly z.core.$ZodIssueUnrecognizedKeys[]): unknown {
  const copy = structuredClone(body)
  for (const { path, keys } of unknown) {
    const parent = path.reduce<unknown>((here, key) => Reflect.get(Object(here), key), copy)
    for (const key of keys) Reflect.deleteProperty(Object(parent), key)
  }
  return copy
}
