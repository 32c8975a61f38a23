import { z } from '@hono/zod-openapi'
import { type Ctx, check, ok, type Route } from '../../api/index.ts'
import { commonReportNames, describeFields } from '../connectors/common-names.ts'
import type { ReadConnector } from '../connectors/read-connector.ts'
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
const ConnectorType = z
  .object({
    type: z.string(),
    auth: z.enum(['oauth2', 'api_key']),
    features: z.array(z.string()),
    reports: z.array(Report),
  })
  .openapi('ConnectorType')

/** What can be connected, and what may be asked of it. */
export function connectorTypeRoutes(sync: Sync): Route[] {
  return [
    {
      method: 'get',
      path: '/api/v1/connectors/types',
      summary: 'Platforms that can be connected, with their reports and fields',
      scope: 'read',
      answers: { 200: { description: 'All types', schema: z.object({ types: z.array(ConnectorType) }) } },
      refusals: [],
      handle: () => ok({ types: [...sync.connectors.values()].map(describe) }),
    },
    {
      method: 'get',
      path: '/api/v1/connectors/types/{type}',
      summary: 'Reports and fields of a platform',
      scope: 'read',
      params: Params,
      answers: { 200: { description: 'The type', schema: ConnectorType } },
      refusals: ['not_found'],
      handle: (c) => ok(describe(connectorFor(sync, typeOf(c)))),
    },
  ]
}

const typeOf = (c: Ctx): string => check(Params, { type: c.req.param('type') }).type

function describe(connector: ReadConnector): z.output<typeof ConnectorType> {
  const names = reportTypesOf(connector)
  return {
    type: connector.type,
    auth: connector.auth.is,
    features: [...connector.features],
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
