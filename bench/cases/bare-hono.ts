import { serve } from '@hono/node-server'
import { Hono } from 'hono'

// The least a Hono route can do with the same request: parse it, answer JSON of the same size.
const answer = {
  bidId: 'akw9km1zjxjq7jaq',
  status: 'dry_run',
  platform: 'google_ads',
  source: 'ai',
  bidAmount: 150,
  currency: 'USD',
  predictedLtv: 1200,
  budget: { limit: 500, spent: 0, held: 0, remaining: 500, utilization: 0 },
  latencyMs: 0.045,
  explanation: 'predicted lifetime value 1200, bid 150 as asked',
}
const app = new Hono().post('/v1/bids', async (c) => {
  await c.req.json()
  return c.json(answer)
})
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => {
  process.stdout.write(`listens at http://127.0.0.1:${port}\n`)
})
