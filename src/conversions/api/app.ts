import { OpenAPIHono } from '@hono/zod-openapi'
import { type ApiEnv, mount } from '../../api/index.ts'
import type { Conversions } from '../parts.ts'
import { connectionRoutes } from './connections.ts'
import { deliveryRoutes } from './deliveries.ts'
import { eventRoutes } from './events.ts'
import { healthRoutes } from './health.ts'
import { mappingRoutes } from './mappings.ts'
import { matchQualityRoutes } from './match-quality.ts'
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
  ]
  // Every route in here needs the database.
  const refusing = routes.map((route) => ({
    ...route,
    refusals: [...route.refusals, 'connector_store_unavailable', 'credentials_unreadable'] as const,
  }))
  mount(app, conversions.authorize, refusing)
  return app
}
