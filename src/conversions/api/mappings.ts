import { z } from '@hono/zod-openapi'
import {
  check,
  ok,
  ReasonInput,
  type Route,
  readBody,
  reasonOf,
  WRONG_BODY,
  wholeNumber,
} from '../../api/index.ts'
import { differences } from '../../audit/index.ts'
import { invalidField } from '../../errors.ts'
import { isoTime } from '../../time/clock.ts'
import { EventMapping, MAX_MAPPINGS, mappingFaultOf, standardMappings } from '../mappings.ts'
import type { Conversions } from '../parts.ts'

const version = z.int().openapi({ description: 'Number of the version; 0 is the standard table alone.' })
const Query = z.object({
  version: wholeNumber(0).optional().openapi({ description: 'The latest where nothing is said.' }),
})
const MappingsInput = z
  .strictObject({
    mappings: z.array(EventMapping).max(MAX_MAPPINGS).openapi({
      description:
        'All of them: one that is left out is gone, and an empty list leaves the standard table alone.',
    }),
    reason: ReasonInput.shape.reason,
  })
  .openapi('EventMappingsInput')
const Mappings = z
  .object({
    version,
    mappings: z.array(EventMapping),
    standard: z.array(EventMapping),
    versions: z.array(z.object({ version, created_at: z.string() })),
  })
  .openapi('EventMappings')

/** Mappings by the name of their event, so that the audit records only those that differ. */
const byEvent = (mappings: readonly EventMapping[]): object =>
  Object.fromEntries(mappings.map(({ source_event, ...mapped }) => [source_event, mapped]))

/** Routes that show and set what events are called at each platform. */
export const mappingRoutes = (conversions: Conversions): Route[] => {
  const { mappings, rooms, audit } = conversions
  const view = async (orgId: number, wanted?: number) => {
    const known = wanted === undefined ? await mappings.latest(orgId) : await mappings.of(orgId, wanted)
    const versions = await mappings.versions(orgId)
    return {
      version: known.version,
      mappings: known.mappings,
      standard: standardMappings(rooms),
      versions: versions.map((one) => ({ version: one.version, created_at: isoTime(one.created_ms) })),
    }
  }
  return [
    {
      method: 'get',
      path: '/api/v1/conversions/mappings',
      summary: 'What events are called at each platform, and the versions before',
      scope: 'read',
      query: Query,
      answers: { 200: { description: 'The mappings', schema: Mappings } },
      refusals: ['invalid_request', 'not_found'],
      handle: async (c, { org }) => ok(await view(org, check(Query, c.req.query()).version)),
    },
    {
      method: 'put',
      path: '/api/v1/conversions/mappings',
      summary:
        'Replace the whole list of mappings, as a new version; events that are stored already keep theirs until they are replayed',
      scope: 'connect',
      body: MappingsInput,
      example: {
        mappings: [
          {
            source_event: 'order_completed',
            platform_events: { meta: 'Purchase' },
            parameters: { content_category: 'shoes' },
          },
        ],
      },
      answers: { 200: { description: 'The mappings', schema: Mappings } },
      refusals: [...WRONG_BODY, 'records_unavailable'],
      async handle(c, caller) {
        const body = await readBody(c)
        const { mappings: wanted, reason } = check(MappingsInput, body)
        const fault = mappingFaultOf(rooms, wanted, Reflect.get(Object(body), 'mappings'))
        if (fault) throw invalidField(fault.field, fault.reason)
        const names = wanted.map(({ source_event }) => source_event)
        const twice = names.find((name, at) => names.indexOf(name) !== at)
        if (twice !== undefined) throw invalidField('mappings', `${twice} is there twice`)
        const before = await mappings.latest(caller.org)
        const { from, to } = differences(byEvent(before.mappings), byEvent(wanted))
        const change = {
          action: 'conversions.mappings_set',
          target: 'mappings',
          values: () => ({ from: { version: before.version, mappings: from } }),
          reason: reasonOf(c, reason),
          lowersRisk: false,
        } as const
        await audit.record(
          caller,
          change,
          () => mappings.add(conversions, caller.org, wanted),
          (made) => ({ version: made.version, mappings: to }),
        )
        return ok(await view(caller.org))
      },
    },
  ]
}
