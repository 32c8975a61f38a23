import { z } from '@hono/zod-openapi'
import { ok, type Route } from '../../api/index.ts'

/**
 * `problem`: money or the service is at risk. `warning`: it works, but something should be improved. `off`: a part that
 * is not used.
 */
const STATES = ['ok', 'warning', 'problem', 'off'] as const

const FindingBody = z
  .object({
    subject: z.string().openapi({ description: 'What was examined.', example: 'Redis persistence' }),
    state: z.enum(STATES).openapi({
      description:
        '`problem`: money or service is at risk. `warning`: it works, but not as one would want it. `off`: a part that is not used.',
    }),
    detail: z.string(),
    advice: z.string().optional().openapi({ description: 'What to do about it.' }),
  })
  .openapi('Finding')

/** What an examination of the configuration found about one subject. */
export interface Finding {
  readonly subject: string
  readonly state: (typeof STATES)[number]
  readonly detail: string
  readonly advice?: string
}

/** Rate-limit cost of an examination, in calls: it asks every store and platform. */
const COST = 100

/** @param examine examines the configuration. All callers that ask during an examination get its findings. */
export function doctorRoute(examine: () => Promise<readonly Finding[]>): Route {
  let underWay: Promise<readonly Finding[]> | undefined
  return {
    method: 'get',
    path: '/v1/doctor',
    summary:
      'Examine the configuration: settings, disk, stores, and what the platforms say of our credentials',
    scope: 'operate',
    isOperators: true,
    answers: {
      200: {
        description: 'What was found',
        schema: z.object({ findings: z.array(FindingBody) }),
      },
    },
    refusals: [],
    async handle(_, caller) {
      caller.charge(COST)
      underWay ??= examine().finally(() => {
        underWay = undefined
      })
      return ok({ findings: await underWay })
    },
  }
}
