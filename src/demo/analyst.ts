import { textAt } from '../json/json-at.ts'
import { isoTime } from '../time/clock.ts'
import { call, repeat, type Stage } from './stage.ts'

/** Platforms that are connected by a login. */
const BY_LOGIN = ['DV360', 'META', 'GOOGLE_ADS', 'GA4'] as const
/** Where a browser would come back to after a login. Nobody listens there: the redirect is read, not followed. */
const CALLBACK_URL = 'http://127.0.0.1:1/back'
const READ_EVERY_MS = 20_000
const DAYS_READ = 7
const DAY_MS = 86_400_000

/** Connects accounts once, puts one on a schedule, and then reads a report every now and then. */
export async function playAnalyst(stage: Stage): Promise<void> {
  const connections: string[] = []
  for (const type of BY_LOGIN) {
    const id = await connect(stage, type)
    if (id !== undefined) connections.push(id)
  }
  const [first] = connections
  if (first === undefined) return
  await call(stage, 'PUT', `/api/v1/connectors/${first}/schedule`, {
    cron: '*/5 * * * *',
    timezone: 'Europe/Berlin',
  })
  // One after the other, so that every account has figures before long.
  const next = () => {
    const id = connections.shift() ?? first
    connections.push(id)
    return fetchReport(stage, id)
  }
  await next()
  repeat(stage, () => READ_EVERY_MS, next)
}

/** Logs in as a browser would; the sandbox sends it back at once. @returns the connection's id, undefined without a login */
async function connect(stage: Stage, connector_type: string): Promise<string | undefined> {
  const begun = await call(stage, 'POST', '/api/v1/connectors/oauth/initiate', {
    connector_type,
    callback_url: CALLBACK_URL,
  })
  const login = textAt(begun.body, 'authorization_url')
  if (login === undefined) return undefined
  const sentBack = await fetch(login, { redirect: 'manual', signal: stage.ended })
  const answer = new URL(sentBack.headers.get('location') ?? CALLBACK_URL).searchParams
  const body = { code: answer.get('code'), state: answer.get('state') }
  const done = await call(stage, 'POST', '/api/v1/connectors/oauth/callback', body)
  return textAt(done.body, 'connector_id')
}

async function fetchReport(stage: Stage, connector_id: string): Promise<void> {
  const day = (daysAgo: number) => isoTime(stage.clock.nowMs() - daysAgo * DAY_MS).slice(0, 10)
  await call(stage, 'POST', '/api/v1/connectors/fetch', {
    connector_id,
    report_type: 'campaign_performance',
    date_range: { start: day(DAYS_READ - 1), end: day(0) },
  })
}
