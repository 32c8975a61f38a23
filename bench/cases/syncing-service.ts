import { readConfig } from '../../src/config/config.ts'
import type { Connector } from '../../src/connectors/index.ts'
import { startService } from '../../src/main.ts'

// REPORTS=<url> node syncing-service.ts: the service in mock mode with a connector that downloads reports from there.
const url = process.env['REPORTS'] ?? ''
const NOTHING = { cursor: undefined, finalThrough: undefined, caveats: [] }
const connector: Connector = {
  type: 'AMAZON_DSP',
  auth: { is: 'api_key' },
  features: ['reports'],
  limits: [],
  reports: {
    performance: {
      fields: ['impressions', 'clicks', 'cost'],
      key: ['date', 'campaign_id'],
      dated: true,
      lookbackDays: 3,
      historyMonths: undefined,
      maxDays: undefined,
    },
  },
  baseUrls: { url },
  concurrencyPerAccount: 1,
  authorize: (request) => request,
  read: ({ status }) =>
    status < 300 ? { is: 'ok', body: undefined } : { is: 'transient', detail: `${status}` },
  usedShare: () => undefined,
  *accounts() {
    yield { is: 'progress', share: 0 }
    return [{ id: 'one', name: 'One', currency: 'USD', timezone: 'UTC' }]
  },
  *campaigns() {
    yield { is: 'progress', share: 0 }
    return NOTHING
  },
  *report() {
    yield {
      is: 'download',
      request: { method: 'GET', url, headers: {} },
      bucket: 'reports',
      encoding: 'csv',
      gzip: false,
      toRow: ({ date, campaign_id, impressions, clicks, cost }) => ({
        date: String(date),
        campaign_id: String(campaign_id),
        impressions: Number(impressions),
        clicks: Number(clicks),
        cost: Number(cost),
      }),
    }
    return NOTHING
  },
  write: undefined,
}
const service = await startService(readConfig({}), { connectors: [connector] })
process.stdout.write(`listens at ${service.url}\n`)
