import { OpenAPIHono } from '@hono/zod-openapi'
import { describePlain, type Env, mount } from '../../api/index.ts'
import type { Sync } from '../sync.ts'
import { campaignRoutes } from './campaigns.ts'
import { connectorTypeRoutes } from './connector-types.ts'
import { connectorRoutes } from './connectors.ts'
import { answerData } from './data.ts'
import { emailRoutes } from './emails.ts'
import { answerEvents, type OpenStreams } from './events.ts'
import { integrationRoutes } from './integrations.ts'
import { PLAIN_ROUTES } from './plain-routes.ts'
import { reconciliationRoutes } from './reconciliation.ts'
import { recordRoutes } from './records.ts'
import { requestRoutes } from './requests.ts'
import { suppressionRoutes } from './suppressions.ts'
import { answerChallenge, takeWebhook, webhookRoutes } from './webhooks.ts'

/** Everything below `/api/v1`. What is thrown goes to whoever mounts it. */
export function createSyncApp(sync: Sync, streams: OpenStreams): OpenAPIHono<Env> {
  const { authorize } = sync
  const app = new OpenAPIHono<Env>()
  const routes = [
    ...connectorTypeRoutes(sync),
    ...connectorRoutes(sync),
    ...requestRoutes(sync),
    ...integrationRoutes(sync),
    ...webhookRoutes(sync),
    ...recordRoutes(sync),
    ...campaignRoutes(sync),
    ...reconciliationRoutes(sync),
    ...emailRoutes(sync),
    ...suppressionRoutes(sync),
  ]
  // Whatever is asked here needs the database.
  const refusing = routes.map((route) => ({
    ...route,
    refusals: [...route.refusals, 'connector_store_unavailable', 'credentials_unreadable'] as const,
  }))
  mount(app, authorize, refusing)
  describePlain(app, PLAIN_ROUTES)
  app.get('/api/v1/connectors/requests/:id/data', (c) => answerData(sync, authorize, c))
  app.get('/api/v1/events', (c) => answerEvents(sync, authorize, streams, c))
  app.get('/api/v1/webhooks/:platform/:id', (c) => answerChallenge(sync, c))
  app.post('/api/v1/webhooks/:platform/:id', (c) => takeWebhook(sync, c))
  return app
}
