import { describe, expect, it } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { type PlayedReads, startPlayedReads } from '../support/played-reads.ts'

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly security: readonly object[]
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly example?: string }[]
  readonly requestBody?: { readonly content: Record<string, { readonly example?: Record<string, unknown> }> }
  readonly responses: Record<string, unknown>
}
type Call = readonly [name: string, method: string, path: string, operation: Operation]

async function documented(environment: Record<string, string> = {}) {
  const reads = await startPlayedReads(environment)
  const { body } = await reads.get('/openapi.json')
  const calls = Object.entries<Record<string, Operation>>(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]): Call => [`${method} ${path}`, method.toUpperCase(), path, operation],
    ),
  )
  return { reads, document: body, calls }
}

/** Every number with its name, wherever it is in the document. */
function numbersIn(node: unknown): [name: string, schema: { description?: string }][] {
  if (node === null || typeof node !== 'object') return []
  const own = Object.entries<Record<string, unknown>>(Reflect.get(node, 'properties') ?? {}).filter(
    ([, { type }]) => ['number', 'integer'].some((one) => [type].flat().includes(one)),
  )
  return [...own, ...Object.values(node).flatMap(numbersIn)]
}

describe('the OpenAPI document', () => {
  it('has every call in a section, under a name of its own, with what it needs', async () => {
    const { document, calls } = await documented()
    const sections = document.tags.map(({ name }: { name: string }) => name)
    expect(new Set(calls.map(([, , , { operationId }]) => operationId)).size).toBe(calls.length)
    for (const [, , , { tags, summary, security }] of calls) {
      expect(tags).toHaveLength(1)
      expect(sections).toContain(tags[0])
      expect(summary).not.toBe('')
      expect(security).toBeDefined()
    }
    expect(new Set(calls.flatMap(([, , , { tags }]) => tags))).toEqual(new Set(sections))
  })

  it('says of every number what it counts or in which unit it is', async () => {
    const { document } = await documented()
    const numbers = numbersIn(document)
    expect(numbers.length).toBeGreaterThan(80)
    expect(numbers.filter(([, { description }]) => !description).map(([name]) => name)).toEqual([])
  })

  it('asks for a key where it says so, and nowhere else', async () => {
    const { reads, calls } = await documented({ API_KEYS: `x:bid:${'0'.repeat(64)}` })
    for (const [name, method, path, { security }] of calls) {
      const { status, body } = await reads.send(
        method,
        path.replaceAll(/\{\w+\}/g, 'x'),
        method === 'GET' ? undefined : {},
      )
      // A webhook wants a signature in place of a key, and answers the same status.
      const isKeyWanted = status === 401 && body.detail !== 'The signature does not fit'
      expect([name, isKeyWanted]).toEqual([name, security.length > 0])
    }
  })

  it('has every answer that a key gets which may not ask', async () => {
    const keys = [
      `x:premium:${hashKey('weak').toString('hex')}`,
      `y@7:admin:${hashKey('seven').toString('hex')}`,
    ]
    const { reads, calls } = await documented({ API_KEYS: keys.join(','), API_RATE_LIMIT: '100000/10' })
    for (const [name, method, path, { responses, security }] of calls) {
      // Any key may ask who it is, and which tools it has.
      if (security.length === 0 || path === '/v1/session' || path === '/mcp') continue
      const documentedOnes = Object.keys(responses)
      expect([name, documentedOnes]).toEqual([name, expect.arrayContaining(['401', '403', '429'])])
      const asked = [path.replaceAll(/\{\w+\}/g, 'x'), method === 'GET' ? undefined : {}] as const
      const { status } = await reads.send(method, ...asked, { authorization: 'Bearer weak' })
      expect([name, status]).toEqual([name, 403])
    }
  })

  it('names every form that the rows of a request come in', async () => {
    const { calls } = await documented()
    const [, , , data] = calls.find(([name]) => name === 'get /api/v1/connectors/requests/{id}/data') ?? []
    expect(data?.responses['200']).toMatchObject({
      content: { 'application/json': {}, 'text/csv': {}, 'application/vnd.apache.parquet': {} },
    })
  })

  it('describes no hour as anything else', async () => {
    const { document } = await documented()
    const { from, to } = document.components.schemas.CampaignInput.properties.activeHours.properties
    for (const hour of [from, to]) expect(hour.description).toMatch(/hour/i)
  })
})

/** What examples cannot know, made by the calls that give it. */
async function placesFor(reads: PlayedReads) {
  const connected = async (type: string, api_key: string) =>
    (await reads.send('POST', '/api/v1/connectors', { connector_type: type, api_key })).body.id
  const { body: dv360 } = await reads.connect('DV360', { account_id: '79' })
  const sheet = {
    settings: { spreadsheet_id: 'sandbox-crm', range: 'CRM', key_column: 'email' },
  }
  return {
    connection: String(dv360.connector_id),
    mail: String(await connected('RESEND', 're_sandbox_full')),
    sheet: String((await reads.connect('SHEETS', sheet)).body.connector_id),
  }
}

describe('examples', () => {
  it('are there for every call that takes a body, and work', async () => {
    const { reads, calls } = await documented()
    const places = await placesFor(reads)
    const { body: bid } = await reads.bid({ bidAmount: 1 })
    const made = await reads.send('POST', `/api/v1/connectors/${places.connection}/campaigns`, {
      name: 'Earlier',
      daily_budget: 1,
      start_date: '2027-06-01',
    })
    const inPath: Record<string, string> = {
      ...{
        scope: 'platform:google_ads',
        seat: 'example',
        bidId: bid.bidId,
        type: 'DV360',
        idType: 'user',
        platform: 'meta',
      },
      template_id: 'welcome',
      campaignId: String(made.body.id),
    }
    const results: [string, number][] = []
    for (const [name, method, path, operation] of calls) {
      const example = operation.requestBody?.content['application/json']?.example
      if (operation.requestBody) expect([name, example]).toEqual([name, expect.any(Object)])
      // Signed by a platform: tried where webhooks are.
      if (!example || path.includes('/webhooks/')) continue
      const connection = /emails|templates|webhook/.test(path)
        ? places.mail
        : path.includes('/records')
          ? places.sheet
          : places.connection
      const address = path.replaceAll(
        /\{(\w+)\}/g,
        (_, key) => inPath[key] ?? (path.startsWith('/api') ? connection : 'summer'),
      )
      const body = 'connector_id' in example ? { ...example, connector_id: connection } : example
      // Resend takes a call a second.
      if (connection === places.mail) reads.clock.advance(2_000)
      const { status } = await reads.send(method, address, body, { 'idempotency-key': operation.operationId })
      expect(Object.keys(operation.responses)).toContain(String(status))
      results.push([name, status])
      if (name === 'post /v1/kill-switch') await reads.send('POST', '/v1/kill-switch', { engaged: false })
      if (path.endsWith('/pause')) await reads.send('POST', address.replace('pause', 'resume'))
    }
    expect(results.length).toBeGreaterThan(15)
    // The code of a browser that came back cannot be made up, and without rules nothing waits for an approval.
    const unknown = ['/oauth/callback', '/v1/approvals/{id}']
    const wrong = results.filter(
      ([name, status]) => status >= 300 && !unknown.some((path) => name.endsWith(path)),
    )
    expect(wrong).toEqual([])
  })
})
