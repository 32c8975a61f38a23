import { z } from '@hono/zod-openapi'
import { check, ok, type Route, TimeMs, wholeNumber } from '../../api/index.ts'
import { ACTIONS, type Audit, type KeptChange, OUTCOMES } from '../../audit/index.ts'
import { isoTime } from '../../time/clock.ts'
import { type Org, ownId, shownName } from '../organisations.ts'

const ListQuery = z.object({
  action: z.enum(ACTIONS).optional(),
  target: z
    .string()
    .max(300)
    .optional()
    .openapi({ description: 'As it is listed.', example: 'platform:meta' }),
  caller: z.string().max(64).optional().openapi({ description: 'Name of an API key.' }),
  organisation: wholeNumber(1).optional(),
  from: TimeMs.optional().openapi({ description: 'Not before.' }),
  to: TimeMs.optional().openapi({ description: 'Before.' }),
  limit: wholeNumber(1, 1_000).default(100),
  cursor: wholeNumber(0).optional().openapi({ description: '`next` of the page before.' }),
})
const Entry = z
  .object({
    id: z.string(),
    at: z.string().optional(),
    caller: z
      .string()
      .optional()
      .openapi({ description: 'Name of the API key; `configuration` for what a start has found changed.' }),
    organisation: z.int().optional().openapi({ description: 'Of the API key.' }),
    action: z.string().optional(),
    target: z.string().optional(),
    from: z.unknown().optional().openapi({
      description:
        'The old value, money in units. Of a long one what differs, by its path as in `creatives.summer.markup`, of lists the entries that the other has not (`allow[…]`); a long part is `part` of it and its length in `bytes`.',
    }),
    to: z.unknown().optional().openapi({ description: 'The new value.' }),
    reason: z.string().optional(),
    outcome: z.enum([...OUTCOMES, 'damaged']).openapi({
      description:
        '`begun` where the process ended meanwhile; `damaged` where the row is not what was written.',
    }),
    code: z.string().optional().openapi({ description: 'Of the error, where it failed.' }),
  })
  .openapi('AuditEntry')
const Page = z.object({
  entries: z.array(Entry),
  next: z.int().optional().openapi({
    description:
      'Cursor of the next page; missing on the last. A page may be short and others follow all the same.',
  }),
})

/** Routes that list recorded changes. */
export function auditRoutes(audit: Audit): Route[] {
  return [
    {
      method: 'get',
      path: '/v1/audit',
      summary:
        'Who has changed what and why, the latest first: all, or what keys of your organisation have changed',
      scope: 'read',
      query: ListQuery,
      answers: { 200: { description: 'A page of changes made through this process', schema: Page } },
      refusals: ['invalid_request', 'records_unavailable'],
      async handle(c, { boundTo }) {
        const { organisation, target, from, to, cursor, ...rest } = check(ListQuery, c.req.query())
        const org = boundTo ?? organisation
        // Changes are recorded under full ids (`spring@7`), while an organisation asks for `spring`.
        const targets = target === undefined ? undefined : [target, ownId(target, boundTo)]
        const { changes, next } = await audit.list({
          ...rest,
          org,
          targets,
          fromMs: from,
          toMs: to,
          before: cursor,
        })
        const entries = changes.map(({ id, change }) =>
          change ? entryOf(change, boundTo) : ({ id, outcome: 'damaged' } as const),
        )
        return ok({ entries, ...(next !== undefined && { next }) })
      },
    },
  ]
}

function entryOf({ atMs, org, target, ...rest }: KeptChange, boundTo: Org): z.output<typeof Entry> {
  return { ...rest, at: isoTime(atMs), organisation: org, target: shownName(target, boundTo) }
}
