import { z } from '@hono/zod-openapi'
import { type Ctx, check, ok, type Route } from '../../api/index.ts'
import { type Connector, commonReportNames, describeFields, otherNames } from '../../connectors/index.ts'
import { connectorFor, type Sync } from '../sync.ts'
import { reportTypesOf, specOf } from '../work/index.ts'

const Params = z.object({ type: z.string().min(1).max(50) })
const Field = z.object({
  name: z.string(),
  common: z.boolean().describe('Every platform that has this field knows it by this name'),
  means: z.string().nullable().describe('What the field holds, with its unit'),
  from: z.string().nullable().describe("The platform's own name of it, where that is another"),
})
const Report = z.object({
  name: z.string(),
  also: z.array(z.string()).describe('Names by which it may be asked for as well'),
  dated: z.boolean().describe('Whether date_range has to be given'),
  key: z.array(z.string()).describe('Fields that name a row'),
  default_fields: z.array(z.string()).describe('Read when no fields are asked for'),
  fields: z.array(Field),
  max_days: z.number().int().nullable().describe('Longest date_range of one request, in days'),
  history_months: z.number().int().nullable().describe('Months that the platform keeps the figures'),
})
const Limit = z.object({
  calls_of: z.string().describe('Which calls are counted together'),
  calls: z.number().int().describe('Calls of one account that are made in the window at most'),
  window_seconds: z.number().describe('Length of the window, in seconds; it slides'),
  burst: z.number().int().describe('Calls that may be made at once by an account that was quiet'),
})
const ConnectorType = z
  .object({
    type: z.string(),
    auth: z.enum(['oauth2', 'api_key']),
    also: z.array(z.string()).describe('Names by which it may be asked for as well'),
    features: z.array(z.string()),
    limits: z.array(Limit),
    reports: z.array(Report),
    spend_report: z
      .string()
      .nullable()
      .describe('Report whose spend is compared with what was bid; null where it reports none'),
  })
  .openapi('ConnectorType')

/** Routes that list the platforms that can be connected and their reports. */
export function connectorTypeRoutes(sync: Sync): Route[] {
  return [
    {
      method: 'get',
      path: '/api/v1/connectors/types',
      summary: 'Platforms that can be connected, with their reports and fields',
      scope: 'read',
      answers: { 200: { description: 'All types', schema: z.object({ types: z.array(ConnectorType) }) } },
      refusals: [],
      handle: () => ok({ types: [...sync.connectors.values()].map((one) => describe(sync, one)) }),
    },
    {
      method: 'get',
      path: '/api/v1/connectors/types/{type}',
      summary: 'Reports and fields of a platform',
      scope: 'read',
      params: Params,
      answers: { 200: { description: 'The type', schema: ConnectorType } },
      refusals: ['not_found'],
      handle: (c) => ok(describe(sync, connectorFor(sync, typeOf(c)))),
    },
  ]
}

const typeOf = (c: Ctx): string => check(Params, { type: c.req.param('type') }).type

function describe(sync: Sync, connector: Connector): z.output<typeof ConnectorType> {
  const names = reportTypesOf(connector)
  return {
    type: connector.type,
    auth: connector.auth.is,
    also: [...otherNames(connector.type)],
    features: [...connector.features],
    spend_report: connector.spend?.reportType ?? null,
    limits: sync.limitsOf(connector.type).map(({ bucket, calls, windowMs }) => ({
      calls_of: bucket,
      calls,
      window_seconds: windowMs / 1000,
      // The window is a sliding one, so a quiet account can use the whole limit at once.
      burst: calls,
    })),
    reports: names.flatMap((name) => {
      const spec = specOf(connector, name)
      if (!spec) return []
      return [
        {
          name,
          also: commonReportNames(names, name),
          dated: spec.dated,
          key: [...spec.key],
          default_fields: [...spec.fields],
          fields: describeFields(spec).map(({ means = null, from = null, ...field }) => ({
            ...field,
            means,
            from,
          })),
          max_days: spec.maxDays ?? null,
          history_months: spec.historyMonths ?? null,
        },
      ]
    }),
  }
}
