import { createServer, type IncomingHttpHeaders } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { listenUntilEnd } from '../../../test/support/local-server.ts'
import { createHttpClient } from '../../http/http.ts'
import { systemClock } from '../../time/clock.ts'
import { createAmazonDsp } from '../amazon-dsp/amazon-dsp.ts'
import { createDv360 } from '../dv360/dv360.ts'
import { Caveats } from '../platform/caveats.ts'
import type { Connector } from '../platform/connector.ts'
import type { Row } from '../platform/rows.ts'
import { createTradeDesk } from '../tradedesk/tradedesk.ts'
import { DEFAULT_BOUNDS } from './bounds.ts'
import { download } from './download.ts'
import { hostProblem } from './file-hosts.ts'

const amazon = createAmazonDsp()
const dv360 = createDv360()
const tradeDesk = createTradeDesk()

describe('where finished files are fetched from', () => {
  it.each<[string, Connector, string, boolean]>([
    ['S3', amazon, 'https://reports-eu.s3.eu-west-1.amazonaws.com/a?sig=x', true],
    ['its own API', amazon, 'https://advertising-api-eu.amazon.com/dsp/file', true],
    ['a host that only ends alike', amazon, 'https://evilamazonaws.com/a', false],
    ['a host named like theirs below another', amazon, 'https://s3.amazonaws.com.evil.example/a', false],
    ['a name before the host', amazon, 'https://s3.amazonaws.com@evil.example/a', false],
    ['without encryption', amazon, 'http://reports.s3.amazonaws.com/a', false],
    ['another port', amazon, 'https://reports.s3.amazonaws.com:8443/a', false],
    ['metadata of a machine', amazon, 'http://169.254.169.254/latest/meta-data/', false],
    ['a file', amazon, 'file:///etc/passwd', false],
    ['nothing', amazon, '', false],
    ['Cloud Storage', dv360, 'https://storage.googleapis.com/bucket/report.csv', true],
    ['Display & Video itself', dv360, 'https://displayvideo.googleapis.com/download/x', true],
    ['another host of Google', dv360, 'https://example.googleapis.com/x', false],
    ['S3 for Display & Video', dv360, 'https://reports.s3.amazonaws.com/a', false],
    ['a host of The Trade Desk', tradeDesk, 'https://files.thetradedesk.com/a.csv', true],
    ['S3 for The Trade Desk', tradeDesk, 'https://ttd-reports.s3.amazonaws.com/a.csv', true],
    ['this machine', tradeDesk, 'http://localhost/a.csv', false],
  ])('%s', (_, connector, url, is) => {
    expect(hostProblem(connector, url) === undefined).toBe(is)
  })

  it('are those that the operator names instead', () => {
    const own = createAmazonDsp({ apiNA: 'http://127.0.0.1:9150/amz' })
    expect(hostProblem(own, 'http://127.0.0.1:9150/files/1')).toBeUndefined()
    expect(hostProblem(own, 'http://127.0.0.1:9151/files/1')).toContain('127.0.0.1:9151')
  })
})

/** A server that answers with a record or a redirect, and the requests that it has seen. */
async function serve(locations: Record<string, string> = {}) {
  const seen: { path: string; headers: IncomingHttpHeaders }[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    seen.push({ path, headers: request.headers })
    const location = locations[path]
    if (location !== undefined) response.writeHead(302, { location }).end()
    else response.end('[{"id":1}]')
  })
  return { seen, url: await listenUntilEnd(server) }
}

async function fetched(url: string, api: string, publicFilesOnly = false) {
  const http = createHttpClient(systemClock)
  onTestFinished(() => http.close())
  const rows: Row[] = []
  const connector: Pick<Connector, 'authorize' | 'baseUrls'> = {
    baseUrls: { api },
    authorize: (request, token) => ({ ...request, headers: { ...request.headers, authorization: token } }),
  }
  const came = await download(
    { clock: systemClock, http, bounds: DEFAULT_BOUNDS, publicFilesOnly },
    {
      is: 'download',
      request: { method: 'GET', url, headers: {} },
      bucket: 'calls',
      encoding: 'json_array',
      gzip: false,
      toRow: (record) => ({ id: Number(record['id']) }),
    },
    { connector, request: { method: 'GET', url, headers: {} }, accessToken: 'secret' },
    {
      cancelled: new AbortController().signal,
      caveats: new Caveats(),
      onRows: async (more) => void rows.push(...more),
    },
  )
  return { came, rows }
}

describe('a download', () => {
  it('from another host is not begun', async () => {
    const [platform, inside] = [await serve(), await serve()]
    const { came, rows } = await fetched(`${inside.url}/latest?token=secret`, platform.url)
    expect(came).toEqual({ is: 'not_as_ordered', detail: expect.stringContaining(new URL(inside.url).host) })
    expect(came).not.toMatchObject({ detail: expect.stringContaining('secret') })
    expect([rows, inside.seen]).toEqual([[], []])
  })

  it('is not followed to another host, however it is sent there', async () => {
    const inside = await serve()
    const platform = await serve({
      '/a': `${inside.url}/b`,
      '/c': '/d',
      '/d': `//${new URL(inside.url).host}/e`,
    })
    expect((await fetched(`${platform.url}/a`, platform.url)).came.is).toBe('not_as_ordered')
    expect((await fetched(`${platform.url}/c`, platform.url)).came.is).toBe('not_as_ordered')
    expect(inside.seen).toEqual([])
  })

  it('is followed on the platform’s hosts, without our credentials', async () => {
    const platform = await serve({ '/a': '/b', '/b': '/c' })
    expect(await fetched(`${platform.url}/a`, platform.url)).toEqual({
      came: { is: 'whole' },
      rows: [{ id: 1 }],
    })
    expect(platform.seen.map(({ headers }) => headers.authorization)).toEqual([
      'secret',
      undefined,
      undefined,
    ])
  })

  it('does not follow redirects for ever', async () => {
    const platform = await serve({ '/a': '/a' })
    expect((await fetched(`${platform.url}/a`, platform.url)).came).toMatchObject({
      is: 'answered',
      response: { status: 302 },
    })
    expect(platform.seen).toHaveLength(4)
  })
})
