import { OpenAPIHono } from '@hono/zod-openapi'
import type { Authorize, Ctx, Env } from '../api/index.ts'
import { apiDocument, describePlain, mount, problemAnswer, shown } from '../api/index.ts'
import { AppError, messageOf } from '../errors.ts'
import type { JournalReader } from '../shield/index.ts'
import { checkedOutCommit, VERSION } from '../version.ts'
import type { Agent } from './agent.ts'
import type { Bidder } from './bidder.ts'
import { bidRoutes } from './bids.ts'
import { budgetRoutes } from './budgets.ts'
import { campaignRoutes } from './campaigns.ts'
import { collectMetrics } from './collect-metrics.ts'
import type { Crew } from './crew.ts'
import type { Deferred } from './deferred.ts'
import { docsPage, docsScripts } from './docs.ts'
import type { IdempotencyKeys } from './idempotency.ts'
import { killSwitchRoutes } from './kill-switch.ts'
import { ledgerHandler } from './ledger.ts'
import type { CountNotice } from './notice-counts.ts'
import type { NoticeDesk } from './notice-desk.ts'
import { NOTICE_ROUTE, noticeHandler } from './notices.ts'
import { PLAIN_ROUTES } from './plain-routes.ts'
import { platformRoutes } from './platforms.ts'
import { predictionRoutes } from './predictions.ts'
import { type Part, troubles } from './readiness.ts'
import { seatRoutes } from './seats.ts'
import { storeRoutes } from './store.ts'

export interface AppDeps {
  readonly agent: Agent
  readonly deferred: Deferred
  readonly keys: IdempotencyKeys
  readonly authorize: Authorize
  readonly bidder: Bidder
  readonly desk: NoticeDesk
  readonly count: CountNotice
  readonly crew: Crew
  /** What `/readyz` tells of, in this order. */
  readonly parts: readonly Part[]
  /** Of the budgets; undefined where they are not kept in one. */
  readonly journal: JournalReader | undefined
  readonly mode: 'mock' | 'live'
}

/** The route table. */
export function createApp(deps: AppDeps): OpenAPIHono<Env> {
  const { agent, deferred, authorize, bidder, crew } = deps
  const app = new OpenAPIHono<Env>()

  // Hono has GET handlers answer HEAD and drops the body; one that is read from somewhere must be ended, too.
  app.use(async (c, next) => {
    await next()
    if (c.req.method === 'HEAD') await c.res.body?.cancel()
  })
  // Bid requests themselves never come here; see auctions.ts.
  app.on(['GET', 'POST'], NOTICE_ROUTE, noticeHandler(deps))

  mount(app, authorize, [
    ...bidRoutes(deps),
    ...budgetRoutes(agent),
    ...killSwitchRoutes(agent),
    ...platformRoutes(deps),
    ...campaignRoutes(bidder, crew, agent.records),
    ...predictionRoutes(bidder, crew),
    ...seatRoutes(agent, bidder, crew),
    ...storeRoutes(agent),
  ])

  app.get('/livez', (c) => c.text('ok'))
  // Every part is there before the service listens, and draining closes the port. Only what stores may go away.
  app.get('/readyz', (c) => {
    const lines = troubles(deps.parts)
    return lines.length === 0 ? c.text('ok') : c.text(lines.join('\n'), 503)
  })
  app.get('/metrics', async (c) => {
    authorize(c.env.incoming, 'read')
    await crew.gather()
    collectMetrics(agent, deferred, deps.parts)
    const { registry } = agent.metrics
    return c.body(await registry.metrics(), 200, { 'content-type': registry.contentType })
  })

  app.get('/version', versionHandler(deps))

  app.get('/v1/ledger', ledgerHandler(deps.journal, authorize))
  describePlain(app, PLAIN_ROUTES)
  app.openAPIRegistry.registerComponent('securitySchemes', 'key', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key. Without any in the configuration, calls from this machine need none.',
  })
  // Putting it together takes longer than anything else that is answered without a key, and it never changes.
  let document: string | undefined
  app.get('/openapi.json', (c) => {
    document ??= JSON.stringify(apiDocument(app, VERSION))
    return c.body(document, 200, { 'content-type': 'application/json' })
  })
  app.get('/docs', (c) => c.html(docsPage))
  app.get('/docs/:file', docsScripts)

  app.notFound((c) =>
    send(c, new AppError('not_found', `There is no ${c.req.method} ${c.req.path.slice(0, 200)}`)),
  )
  app.onError((error, c) => {
    if (!(error instanceof AppError)) agent.log.error({ err: error, path: c.req.path }, messageOf(error))
    return send(c, shown(error))
  })
  return app
}

/** What runs here, since when. For callers with a key: an attacker picks holes by version. */
function versionHandler({ agent, authorize, mode }: AppDeps) {
  const startedMs = agent.clock.elapsedMs()
  const build = { version: VERSION, commit: checkedOutCommit(), node: process.versions.node, mode }
  return (c: Ctx): Response => {
    authorize(c.env.incoming, 'read')
    const uptimeSeconds = Math.floor((agent.clock.elapsedMs() - startedMs) / 1000)
    return c.json({ ...build, uptimeSeconds })
  }
}

function send(c: Ctx, error: AppError): Response {
  const { status, body, headers } = problemAnswer(error)
  return c.body(JSON.stringify(body), status, headers)
}
