import { z } from '@hono/zod-openapi'
import { type Ctx, check, ok, type Route, readJson } from '../../api/index.ts'
import type { Talk } from '../../connectors/index.ts'
import { findConnection } from '../connections.ts'
import type { Sync } from '../sync.ts'
import { senderOf, talk } from './emails.ts'
import { Id, idOf } from './route-parts.ts'

const Variable = z.strictObject({
  key: z.string().regex(/^[A-Za-z0-9_]{1,50}$/),
  type: z.enum(['string', 'number']),
  fallback_value: z.union([z.string().max(2_000), z.number()]).optional(),
})
const Template = z.strictObject({
  name: z.string().min(1).max(100),
  alias: z
    .string()
    .regex(/^[a-z0-9_-]{1,100}$/)
    .optional(),
  from: z.string().min(3).max(320).optional(),
  subject: z.string().min(1).max(998).optional(),
  html: z.string().min(1).max(500_000),
  text: z.string().max(500_000).optional(),
  variables: z.array(Variable).max(50).optional(),
})
const Change = Template.partial().refine(
  (change) => Object.keys(change).length > 0,
  'must name what is to be changed',
)
const TemplateId = Id.extend({ template_id: z.string().regex(/^[\w-]{1,100}$/) })
const Made = z.object({ id: z.string() }).openapi('EmailTemplate')

const templateIdOf = (c: Ctx): string => check(TemplateId, c.req.param()).template_id

/** The longest body of a request, in bytes. */
const MAX_BYTES = 2 * 1024 * 1024
const answers = { 200: { description: 'The template', schema: Made } }
const REFUSALS = [
  'not_found',
  'invalid_request',
  'payload_too_large',
  'unsupported_media_type',
  'platform_refused',
  'platform_unavailable',
  'outcome_unknown',
] as const

/** Routes that write e-mail templates at a platform. The report `templates` lists them. */
export function templateRoutes(sync: Sync): Route[] {
  const templatesAt = async (c: Ctx, org: number) => {
    const row = await findConnection(sync, org, idOf(c))
    const { connector, mail } = senderOf(sync, row)
    return {
      templates: mail.templates,
      say: <T>(one: Talk<T>) => talk(sync, row, connector, one),
    }
  }

  /** A route that does something to one template and needs nothing but its id. */
  const withoutBody = (
    method: 'post' | 'delete',
    path: string,
    summary: string,
    act: 'publish' | 'remove',
  ): Route => ({
    method,
    path: `/api/v1/connectors/{id}/templates/{template_id}${path}`,
    summary,
    scope: 'connect',
    params: TemplateId,
    answers,
    refusals: REFUSALS,
    async handle(c, { org }) {
      const { templates, say } = await templatesAt(c, org)
      return ok({ id: await say(templates[act](templateIdOf(c))) })
    },
  })

  return [
    {
      method: 'post',
      path: '/api/v1/connectors/{id}/templates',
      summary: 'Make a template; it can be sent once it is published',
      scope: 'connect',
      params: Id,
      body: Template.openapi('NewEmailTemplate'),
      example: {
        name: 'Welcome back',
        alias: 'welcome-back',
        subject: 'Good to see you, {{{NAME}}}',
        html: '<p>Hello {{{NAME}}}</p>',
        variables: [{ key: 'NAME', type: 'string', fallback_value: 'there' }],
      },
      answers,
      refusals: REFUSALS,
      async handle(c, { org }) {
        const { templates, say } = await templatesAt(c, org)
        return ok({ id: await say(templates.create(await readJson(c, Template, MAX_BYTES))) })
      },
    },
    {
      method: 'patch',
      path: '/api/v1/connectors/{id}/templates/{template_id}',
      summary: 'Change a template; what was published is sent until it is published again',
      scope: 'connect',
      params: TemplateId,
      body: Change.openapi('EmailTemplateChange'),
      example: { subject: 'Good to see you' },
      answers,
      refusals: REFUSALS,
      async handle(c, { org }) {
        const { templates, say } = await templatesAt(c, org)
        return ok({ id: await say(templates.update(templateIdOf(c), await readJson(c, Change, MAX_BYTES))) })
      },
    },
    withoutBody('post', '/publish', 'Send a template as it is now from now on', 'publish'),
    withoutBody('delete', '', 'Delete a template', 'remove'),
  ]
}
