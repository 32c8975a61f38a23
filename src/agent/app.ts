import { OpenAPIHono } from '@hono/zod-openapi'
import type { ApiEnv, Authorize, Ctx } from '../api/index.ts'
import {
  apiDocument,
  describePlain,
  idShown,
  mount,
  mountOpen,
  problemAnswer,
  requireOperator,
  shown,
} from '../api/index.ts'
import { openBundle, serveConsole } from '../console/index.ts'
import { AppError, messageOf } from '../errors.ts'
import { type Notifications, notificationRoutes } from '../notify/index.ts'
import type { JournalReader } from '../shield/index.ts'
import { VERSION } from '../version.ts'
import type { Agent } from './agent.ts'
import { bidRoutes } from './bids/bids.ts'
import type { Deferred } from './bids/deferred.ts'
import type { IdempotencyKeys } from './bids/idempotency.ts'
import { docsPage, docsScripts, runbook } from './docs.ts'
import type { Bidder } from './exchange/bidder.ts'
import type { CampaignStore } from './exchange/campaign-store.ts'
import { campaignRoutes } from './exchange/campaigns.ts'
import type { CountNotice } from './exchange/notice-counts.ts'
import type { NoticeDesk } from './exchange/notice-desk.ts'
import { NOTICE_ROUTE, noticeHandler } from './exchange/notices.ts'
import { predictionRoutes } from './exchange/predictions.ts'
import { seatRoutes } from './exchange/seats.ts'
import type { WorkerPool } from './exchange/worker-pool.ts'
import { alertRoutes } from './operator/alerting/alert-routes.ts'
import type { AlertWatch } from './operator/alerting/alert-watch.ts'
import { approvalRoutes } from './operator/approvals.ts'
import { auditRoutes } from './operator/audit.ts'
import { budgetRoutes } from './operator/budgets.ts'
import { collectMetrics } from './operator/collect-metrics.ts'
import { doctorRoute, type Finding } from './operator/doctor.ts'
import { keyRoutes } from './operator/keys.ts'
import { killSwitchRoutes } from './operator/kill-switch.ts'
import { ledgerHandler } from './operator/ledger.ts'
import { platformRoutes } from './operator/platforms.ts'
import { type ServicePart, troubles } from './operator/readiness.ts'
import { type Access, signInRoutes, whoRoute } from './operator/session.ts'
import { serveOidc } from './operator/sign-in/oidc-routes.ts'
import type { SpendHistory } from './operator/spend/spend-history.ts'
import { spendRoutes } from './operator/spend/spend-routes.ts'
import { type StoreKind, storeRoutes } from './operator/store.ts'
import { streamHandler } from './operator/stream/stream-route.ts'
import type { Streams } from './operator/stream/streams.ts'
import { versionRoute } from './operator/version.ts'
import { PLAIN_ROUTES } from './plain-routes.ts'

/** Rate-limit cost of one scrape of `/metrics`, in calls: gathering all metrics costs as much as some hundred bids. */
const METRICS_COST = 100

export interface AppDeps {
  readonly agent: Agent
  readonly deferred: Deferred
  readonly keys: IdempotencyKeys
  readonly authorize: Authorize
  readonly access: Access
  readonly bidder: Bidder
  readonly campaignStore: CampaignStore
  readonly desk: NoticeDesk
  readonly count: CountNotice
  readonly pool: WorkerPool
  readonly notifications: Notifications
  readonly streams: Streams
  readonly alerts: AlertWatch
  readonly spendHistory: SpendHistory
  /** Examines the configuration. */
  readonly examine: () => Promise<readonly Finding[]>
  /** The parts that `/readyz` reports, in this order. */
  readonly parts: readonly ServicePart[]
  /** Reads the budgets' journal; undefined where budgets are not kept in a journal. */
  readonly journal: JournalReader | undefined
  readonly mode: 'mock' | 'live'
  readonly storeKind: StoreKind
}

/** The path of handlers that run around all others. */
const EVERYWHERE = '/*'

/** Builds the HTTP application with all routes. */
export function createApp(deps: AppDeps): OpenAPIHono<ApiEnv> {
  const { agent, deferred, authorize, bidder, pool } = deps
  const app = new OpenAPIHono<ApiEnv>()

  // Hono answers HEAD with the GET handler and drops the body. A body that is a stream has to be cancelled as well.
  app.get(EVERYWHERE, async (c, next) => {
    await next()
    if (c.req.method === 'HEAD') await c.res.body?.cancel()
  })
  // Bid requests never reach this application; `auctions.ts` takes them first.
  app.on(['GET', 'POST'], NOTICE_ROUTE, noticeHandler(deps))

  const signingIn = { ...deps.access, clock: agent.clock, mode: deps.mode, authorize }
  mount(app, authorize, [
    ...bidRoutes(deps),
    ...budgetRoutes({ ...agent, pool }),
    ...killSwitchRoutes(agent),
    ...platformRoutes(deps),
    ...alertRoutes(deps.alerts, bidder),
    ...spendRoutes({ agent, history: deps.spendHistory }),
    ...campaignRoutes({ ...deps, ...agent }),
    ...predictionRoutes(bidder, pool, agent.audit),
    ...seatRoutes(agent, bidder, pool),
    ...storeRoutes(agent, deps.storeKind),
    doctorRoute(deps.examine),
    ...approvalRoutes({ ...agent, ...deps.access }),
    ...auditRoutes(agent.audit),
    ...notificationRoutes(deps.notifications),
    versionRoute({ clock: agent.clock, mode: deps.mode }),
    whoRoute(signingIn),
    ...keyRoutes({ ...agent, ...deps.access }),
  ])
  mountOpen(app, signInRoutes(signingIn))

  app.get('/livez', (c) => c.text('ok'))
  // All parts exist before the service listens, and draining closes the port. So only a store can make it unready.
  app.get('/readyz', (c) => {
    const lines = troubles(deps.parts)
    return lines.length === 0 ? c.text('ok') : c.text(lines.join('\n'), 503)
  })
  app.get('/metrics', async (c) => {
    const caller = authorize(c.env.incoming, 'read')
    requireOperator(caller)
    caller.charge(METRICS_COST)
    await pool.gather()
    collectMetrics(agent, deferred, deps.parts)
    agent.metrics.notificationsWaiting.set(deps.notifications.waiting)
    const { registry } = agent.metrics
    return c.body(await registry.metrics(), 200, { 'content-type': registry.contentType })
  })

  serveOidc(app, deps.access.oidc)
  app.get('/v1/stream', streamHandler(deps.streams, authorize))
  app.get('/v1/ledger', ledgerHandler(deps.journal, authorize))
  describeCalls(app)
  // Cached, since building it takes longer than any other answer that needs no key; as bytes, since encoding it takes 6 ms.
  let document: Promise<Buffer<ArrayBuffer>> | undefined
  app.get('/openapi.json', async (c) => {
    document ??= apiDocument(app, VERSION).then((made) => Buffer.from(JSON.stringify(made)))
    return c.body(await document, 200, { 'content-type': 'application/json' })
  })
  app.get('/docs', docsPage)
  app.get('/docs/:file', docsScripts)
  app.get('/docs/runbooks/:alert', runbook)
  serveConsole(app, agent.log, openBundle())

  // Requests for configured seats are answered in `auctions.ts`; only unknown seats arrive here.
  app.post('/openrtb2/:seat/bid', (c) =>
    send(c, new AppError('not_found', `There is no seat ${idShown(c.req.param('seat'))}`)),
  )
  app.notFound((c) => answerUnknown(app, c))
  app.onError((error, c) => {
    if (!(error instanceof AppError)) agent.log.error({ err: error, path: c.req.path }, messageOf(error))
    return send(c, shown(error))
  })
  return app
}

/** Describes the calls that are answered beside the routes, and the ways in which a caller can authenticate. */
function describeCalls(app: OpenAPIHono<ApiEnv>): void {
  describePlain(app, PLAIN_ROUTES)
  app.openAPIRegistry.registerComponent('securitySchemes', 'key', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key. Without any in the configuration, calls from this machine need none.',
  })
  app.openAPIRegistry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: 'bidwarden_session',
    description:
      'The cookie that POST /v1/session sets, with __Host- before its name where PUBLIC_URL is https. A key that is sent beside it counts alone. A change needs Origin or Sec-Fetch-Site of this service, as browsers send them, and a POST also JSON or X-Requested-With.',
  })
}

/** How many parts of an address an answer repeats at most. */
const MAX_SHOWN_PARTS = 10
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/** Answers for an address without a handler: which methods there are, if there are any. */
function answerUnknown(app: Pick<OpenAPIHono<ApiEnv>, 'router'>, c: Ctx): Response {
  const { method, path } = c.req
  const asked = `There is no ${method} ${path.split('/', MAX_SHOWN_PARTS).map(partShown).join('/')}`
  const allow = METHODS.filter((one) => hasRoute(app, one, path))
    .flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : [one]))
    .join(', ')
  if (allow === '') return send(c, new AppError('not_found', asked))
  const answer = send(c, new AppError('method_not_allowed', `${asked}; there is ${allow}`))
  answer.headers.set('allow', allow)
  return answer
}

const partShown = (part: string): string => part && idShown(part)

/** Whether the route has a handler for the method. What runs around all handlers of a method does not count. */
function hasRoute({ router }: Pick<OpenAPIHono<ApiEnv>, 'router'>, method: string, path: string): boolean {
  const [found] = router.match(method, path)
  return found.some(([[, route]]) => route.method === method && route.path !== EVERYWHERE)
}

function send(c: Ctx, error: AppError): Response {
  const { status, body, headers } = problemAnswer(error)
  return c.body(JSON.stringify(body), status, headers)
}
