import { OpenAPIHono } from '@hono/zod-openapi'
import { type ApiEnv, describePlain, mount } from '../../api/index.ts'
import { AppError } from '../../errors.ts'
import { isGone } from '../store/index.ts'
import type { Sync } from '../sync.ts'
import { listCampaigns } from './campaigns.ts'
import { campaignChangeRoutes } from './change-campaigns.ts'
import { connectorTypeRoutes } from './connector-types.ts'
import { connectorRoutes } from './connectors.ts'
import { answerData } from './data.ts'
import { emailRoutes } from './emails.ts'
import { answerEvents, type OpenStreams } from './events.ts'
import { integrationRoutes } from './integrations.ts'
import { loginRoutes } from './logins.ts'
import { PLAIN_ROUTES } from './plain-routes.ts'
import { reconciliationRoutes } from './reconciliation.ts'
import { recordRoutes } from './records.ts'
import { requestRoutes } from './requests.ts'
import { scheduleRoutes } from './schedules.ts'
import { suppressionRoutes } from './suppressions.ts'
import { templateRoutes } from './templates.ts'
import { answerChallenge, takeWebhook, webhookRoutes } from './webhooks.ts'

/** All routes below `/api/v1`. Errors are thrown to the application that mounts them. */
export function createSyncApp(sync: Sync, streams: OpenStreams): OpenAPIHono<ApiEnv> {
  const { authorize } = sync
  const app = new OpenAPIHono<ApiEnv>()
  const routes = [
    ...connectorTypeRoutes(sync),
    ...connectorRoutes(sync),
    ...loginRoutes(sync),
    ...scheduleRoutes(sync),
    ...requestRoutes(sync),
    ...integrationRoutes(sync),
    ...webhookRoutes(sync),
    ...recordRoutes(sync),
    listCampaigns(sync),
    ...campaignChangeRoutes(sync),
    ...reconciliationRoutes(sync),
    ...emailRoutes(sync),
    ...suppressionRoutes(sync),
    ...templateRoutes(sync),
  ]
  // Every route in here needs the database.
  const refusing = routes.map((route) => ({
    ...route,
    refusals: [...route.refusals, 'connector_store_unavailable', 'credentials_unreadable'] as const,
  }))
  mount(app, authorize, refusing)
  // A connection and everything that belongs to it may be deleted while another call uses it.
  app.onError((error) => {
    throw isGone(error) ? new AppError('not_found', 'It was deleted meanwhile') : error
  })
  describePlain(app, PLAIN_ROUTES)
  app.get('/api/v1/connectors/requests/:id/data', (c) => answerData(sync, authorize, c))
  app.get('/api/v1/events', (c) => answerEvents(sync, authorize, streams, c))
  app.get('/api/v1/webhooks/:platform/:id', (c) => answerChallenge(sync, c))
  app.post('/api/v1/webhooks/:platform/:id', (c) => takeWebhook(sync, c))
  return app
}
