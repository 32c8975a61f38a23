import type { OpenAPIHono } from '@hono/zod-openapi'
import type { ApiEnv } from '../api/index.ts'
import { AppError } from '../errors.ts'

interface Part {
  readonly app: OpenAPIHono<ApiEnv>
}

/**
 * Mounts the routes that need the database of connections. Without it, they answer 503 and name the variable that turns it on;
 * a 404 would look like a mistyped address.
 */
export function mountParts(app: OpenAPIHono<ApiEnv>, ...parts: readonly (Part | undefined)[]): void {
  for (const part of parts) if (part) app.route('/', part.app)
  if (parts.every((part) => part !== undefined)) return
  for (const address of ['/api/v1/*', '/v1/roas'])
    app.all(address, () => {
      throw new AppError('not_configured', 'Connections and conversions are off: set ENCRYPTION_KEY')
    })
}
