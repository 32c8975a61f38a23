import type { OpenAPIHono } from '@hono/zod-openapi'
import type { ApiEnv } from '../api/index.ts'
import { AppError } from '../errors.ts'
import { type McpParts, mountMcp } from '../mcp/index.ts'

interface Part {
  readonly app: OpenAPIHono<ApiEnv>
}

interface Parts {
  readonly reads: Part | undefined
  readonly conversions: Part | undefined
  readonly mcp: McpParts
}

/**
 * Mounts the tools of agents, and the routes that need the database of connections. Without a database, those answer
 * 503 and name the variable that turns it on; a 404 would look like a mistyped address.
 */
export function mountParts(app: OpenAPIHono<ApiEnv>, { reads, conversions, mcp }: Parts): void {
  for (const part of [reads, conversions]) if (part) app.route('/', part.app)
  mountMcp(app, mcp)
  if (reads && conversions) return
  for (const address of ['/api/v1/*', '/v1/roas'])
    app.all(address, () => {
      throw new AppError('not_configured', 'Connections and conversions are off: set ENCRYPTION_KEY')
    })
}
