import { OpenAPIHono } from '@hono/zod-openapi'
import { type ApiEnv, describePlain, mount } from '../../api/index.ts'
import { answerWhatsApp, webhookTaker } from '../messages/index.ts'
import type { Conversions } from '../parts.ts'
import { connectionRoutes } from './connections.ts'
import { deliveryRoutes } from './deliveries.ts'
import { eventRoutes } from './events.ts'
import { healthRoutes } from './health.ts'
import { mappingRoutes } from './mappings.ts'
import { matchQualityRoutes } from './match-quality.ts'
import { MESSAGE_PLAIN_ROUTES, MESSAGE_WEBHOOK, messageRoutes } from './messages.ts'
import { previewRoutes } from './preview.ts'
import { replayRoutes } from './replay.ts'
import { roasRoutes } from './roas.ts'

/** All routes below `/api/v1/conversions`. Errors are thrown to the application that mounts them. */
export function createConversionsApp(conversions: Conversions): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  const routes = [
    ...eventRoutes(conversions),
    ...deliveryRoutes(conversions),
    ...replayRoutes(conversions),
    ...previewRoutes(conversions),
    ...connectionRoutes(conversions),
    ...mappingRoutes(conversions),
    ...healthRoutes(conversions),
    ...matchQualityRoutes(conversions),
    ...roasRoutes(conversions),
    ...messageRoutes(conversions),
  ]
  // Every route in here needs the database.
  const refusing = routes.map((route) => ({
    ...route,
    refusals: [...route.refusals, 'connector_store_unavailable', 'credentials_unreadable'] as const,
  }))
  mount(app, conversions.authorize, refusing)
  describePlain(app, MESSAGE_PLAIN_ROUTES)
  app.get(MESSAGE_WEBHOOK, (c) => answerWhatsApp(conversions, c))
  app.post(MESSAGE_WEBHOOK, webhookTaker(conversions))
  return app
}
