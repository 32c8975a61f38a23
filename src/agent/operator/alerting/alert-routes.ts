import { z } from '@hono/zod-openapi'
import { ok, type Route } from '../../../api/index.ts'
import { isoTime } from '../../../time/clock.ts'
import type { Bidder } from '../../exchange/bidder.ts'
import { maySee, type Org, shownName } from '../../organisations.ts'
import { ALERT_NAMES, ALERT_RULES, ALERT_SUBJECTS, SEVERITIES } from './alert-catalog.ts'
import type { AlertWatch, FiringAlert } from './alert-watch.ts'

/** Most alerts in one answer. */
const MAX_SHOWN = 200

const Alert = z
  .object({
    code: z.enum(ALERT_NAMES).openapi({
      description: 'Name of the rule, the same as in `grafana/rules`.',
      example: 'BudgetAt80Percent',
    }),
    severity: z.enum(SEVERITIES),
    since: z.string().openapi({
      description: 'Since when it is so, as far as this process has seen it.',
      example: '2026-11-29T09:30:00.000Z',
    }),
    about: z
      .object({
        kind: z.enum(ALERT_SUBJECTS),
        name: z.string().openapi({ example: 'platform:google_ads' }),
        limit: z
          .string()
          .optional()
          .openapi({ description: 'Which limit of a budget.', example: 'sliding_600s' }),
      })
      .openapi({ description: 'The budget, platform, seat or other part that it is about.' }),
    detail: z.string().openapi({ description: 'What is so, with its figures.' }),
    whatToDo: z.string(),
    runbook: z.string().openapi({
      description: 'Address of its page of instructions on this service.',
      example: '/docs/runbooks/BudgetAt80Percent',
    }),
  })
  .openapi('Alert')

const Alerts = z
  .object({
    alerts: z.array(Alert),
    left: z.int().openapi({ description: 'How many more fire and are left out.' }),
  })
  .openapi('Alerts', {
    description:
      'By the rules of `grafana/rules`, of what this process and its workers have seen since they started; Prometheus alone can tell that the service does not answer.',
  })

export function alertRoutes(watch: AlertWatch, bidder: Pick<Bidder, 'seats'>): Route[] {
  return [
    {
      method: 'get',
      path: '/v1/alerts',
      summary: 'The alerts that fire now, and what to do about each',
      scope: 'read',
      answers: { 200: { description: 'Critical ones first', schema: Alerts } },
      refusals: [],
      handle(_, { boundTo }) {
        const firing = watch.firing.filter((alert) => maySeeAlert(alert, boundTo, bidder))
        const inOrder = SEVERITIES.flatMap((severity) =>
          firing.filter(({ rule }) => ALERT_RULES[rule].severity === severity),
        )
        return ok({
          alerts: inOrder.slice(0, MAX_SHOWN).map((alert) => alertBody(alert, boundTo)),
          left: Math.max(0, inOrder.length - MAX_SHOWN),
        })
      },
    },
  ]
}

/** Whether a caller bound to `org` may see the alert: an organisation sees those about its own budgets and seats. */
function maySeeAlert({ about }: FiringAlert, org: Org, { seats }: Pick<Bidder, 'seats'>): boolean {
  if (org === undefined) return true
  if (about.kind === 'budget') return maySee(about.name, org)
  return about.kind === 'seat' && seats.get(about.name)?.org === org
}

function alertBody({ rule, about, detail, sinceMs }: FiringAlert, org: Org): z.output<typeof Alert> {
  const { severity, whatToDo } = ALERT_RULES[rule]
  return {
    ...{ code: rule, severity, since: isoTime(sinceMs) },
    about: { ...about, name: about.kind === 'budget' ? shownName(about.name, org) : about.name },
    ...{ detail, whatToDo, runbook: `/docs/runbooks/${rule}` },
  }
}
