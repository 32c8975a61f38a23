import type { Connector } from '../../src/connectors/platform/connector.ts'
import type { Row } from '../../src/connectors/platform/rows.ts'
import { ask } from '../../src/connectors/platform/steps.ts'
import { retryAfterMs } from '../../src/http/http.ts'
import { at, listAt, numberAt, textAt } from '../../src/json/json-at.ts'

const FIELDS = ['clicks', 'cost', 'name']

/** Reads the made-up platform that is played at this address. */
export function exampleConnector(url: string): Connector {
  const asking =
    (headers: Record<string, string> = {}) =>
    (method: 'GET' | 'POST', path: string) =>
      ({ method, url: url + path, headers }) as const
  const rowsOf = (body: unknown): Row[] =>
    listAt(body, 'rows').map((row) => {
      const cells: Record<string, string | number> = {}
      for (const [name, value] of Object.entries(Object(row)))
        if (typeof value === 'string' || typeof value === 'number') cells[name] = value
      return cells
    })
  const spec = {
    fields: FIELDS,
    key: ['date', 'id'],
    dated: true,
    lookbackDays: 3,
    historyMonths: 37,
    maxDays: 90,
  }
  const nothing = { cursor: undefined, finalThrough: undefined, caveats: [] }

  return {
    type: 'DV360',
    auth: {
      is: 'oauth2',
      authorizeUrl: `${url}/authorize`,
      tokenUrl: `${url}/token`,
      revokeUrl: `${url}/revoke`,
      scopes: ['read'],
      scopeSeparator: ' ',
      pkce: true,
      extra: { access_type: 'offline' },
      refresh: 'refresh_token',
    },
    features: ['reports'],
    limits: [{ bucket: 'calls', calls: 100, windowMs: 60_000 }],
    reports: { performance: spec, slow: spec, file: spec },
    baseUrls: { api: url },
    concurrencyPerAccount: 1,
    spend: {
      reportType: 'performance',
      campaignField: 'id',
      micros: (row) => Number(row['cost'] ?? 0),
      settledAfterDays: 3,
      overDelivery: 1,
    },
    authorize: (one, accessToken) => ({
      ...one,
      headers: { ...one.headers, authorization: `Bearer ${accessToken}` },
    }),
    read({ status, body, headers }, nowMs) {
      if (status === 200) return { is: 'ok', body: JSON.parse(body) }
      if (status === 401 && body.includes('revoked')) return { is: 'auth_lost', detail: 'revoked' }
      if (status === 401) return { is: 'auth_expired', detail: 'expired' }
      if (status === 429)
        return { is: 'throttled', detail: 'slow down', retryAfterMs: retryAfterMs(headers, nowMs) ?? 1000 }
      return status >= 500
        ? { is: 'transient', detail: `status ${status}` }
        : { is: 'refused', detail: `status ${status}` }
    },
    usedShare: () => undefined,
    *accounts() {
      const body = yield* ask(asking()('GET', '/accounts'), 'calls')
      return listAt(body, 'accounts').map((account) => ({
        id: textAt(account, 'id') ?? '',
        name: textAt(account, 'name') ?? '',
        currency: 'EUR',
        timezone: 'Europe/Berlin',
      }))
    },
    *campaigns() {
      yield { is: 'progress', share: 1 }
      return nothing
    },
    *report({ account, reportType, range, resume }) {
      const request = asking({ 'x-account': account.accountId })
      const dates = `start=${range?.start}&end=${range?.end}`
      if (reportType === 'file') {
        yield {
          is: 'download',
          request: request('GET', `/file?${dates}`),
          bucket: 'calls',
          encoding: 'csv',
          gzip: false,
          toRow: (record) => ({
            date: String(record['date']),
            id: String(record['id']),
            clicks: Number(record['clicks']),
          }),
        }
        return nothing
      }
      if (reportType === 'slow') {
        let id = textAt(resume, 'id')
        if (id === undefined) {
          id = textAt(yield* ask(request('POST', `/async?${dates}`), 'calls'), 'id') ?? ''
          yield { is: 'remember', state: { id } }
        }
        while (at(yield* ask(request('GET', `/async?id=${id}`), 'calls'), 'ready') !== true)
          yield { is: 'wait', ms: 30_000 }
      }
      let page = numberAt(resume, 'page') ?? 0
      for (let more = true; more; page++) {
        const body = yield* ask(request('GET', `/report?${dates}&page=${page}`), 'calls')
        yield { is: 'rows', rows: rowsOf(body) }
        more = at(body, 'more') === true
      }
      return { ...nothing, finalThrough: '2026-11-10' }
    },
    write: undefined,
  }
}
