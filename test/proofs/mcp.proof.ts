import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { describe, expect, it, onTestFinished } from 'vitest'
import { sharedHarness, startHarness } from '../support/harness.ts'
import { API_KEYS } from '../support/mcp.ts'

const SUITE = join(import.meta.dirname, '../../node_modules/.bin/conformance')
const run = promisify(execFile)

interface Checked {
  readonly id: string
  readonly status: string
}

/** What the public suite says of a scenario: the ids of its checks, by their outcome. */
async function played(url: string, scenario: string, revision: string): Promise<Map<string, Set<string>>> {
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-mcp-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const about = ['--url', `${url}/mcp`, '--scenario', scenario, '--spec-version', revision, '-o', folder]
  // Its exit code tells that a check failed, and the file which ones.
  await run(process.execPath, [SUITE, 'server', ...about]).catch(() => undefined)
  const [made = ''] = readdirSync(folder)
  const checks: Checked[] = JSON.parse(readFileSync(join(folder, made, 'checks.json'), 'utf8'))
  const ids = new Map<string, Set<string>>()
  for (const { id, status } of checks) ids.set(status, (ids.get(status) ?? new Set()).add(id))
  return ids
}

describe('the public conformance suite', () => {
  const harness = sharedHarness()

  it.each([
    ['tools-list', '2026-07-28'],
    ['resources-list', '2026-07-28'],
    ['sep-2164-resource-not-found', '2026-07-28'],
    ['dns-rebinding-protection', '2026-07-28'],
    ['http-header-validation', '2026-07-28'],
    ['input-required-result-unsupported-methods', '2026-07-28'],
    ['server-initialize', '2025-11-25'],
    ['ping', '2025-11-25'],
    ['tools-list', '2025-11-25'],
    ['resources-list', '2025-11-25'],
    ['dns-rebinding-protection', '2025-11-25'],
  ])('finds nothing wrong in %s of revision %s', async (scenario, revision) => {
    const { url } = await harness()
    const ids = await played(url, scenario, revision)
    expect(ids.get('SUCCESS')?.size).toBeGreaterThan(1)
    expect([...ids.keys()].filter((status) => status !== 'INFO')).toEqual(['SUCCESS'])
  })

  it.each([
    // They call tools of the suite's own example server.
    [
      'server-stateless',
      [
        'sep-2575-http-server-no-independent-requests-on-stream',
        'sep-2575-missing-capability-http-400',
        'sep-2575-server-no-log-without-loglevel',
        'sep-2575-server-rejects-undeclared-capability',
      ],
    ],
    // It has no prompts, and says so.
    ['caching', ['sep-2549-prompts-list-caching-hints']],
  ])('finds in %s nothing but what cannot be asked of it', async (scenario, notThere) => {
    const { url } = await harness()
    const ids = await played(url, scenario, '2026-07-28')
    expect([...(ids.get('FAILURE') ?? [])].sort()).toEqual(notThere)
    expect(ids.get('SUCCESS')?.size).toBeGreaterThan(4)
  })
})

it('serves a client of the library that came before, which knows no revision after 2025-11-25', async () => {
  const { url } = await startHarness({ API_KEYS })
  const client = new Client({ name: 'earlier', version: '1.0.0' }, { capabilities: { elicitation: {} } })
  const headers = { authorization: 'Bearer k-ops' }
  const transport = new StreamableHTTPClientTransport(new URL('/mcp', url), { requestInit: { headers } })
  // Its own declaration differs from the interface that it implements by an optional member.
  await client.connect(transport as Parameters<Client['connect']>[0])
  onTestFinished(() => client.close())
  const { tools } = await client.listTools()
  expect(tools.length).toBeGreaterThan(15)
  const call = (name: string, input: Record<string, unknown>) => client.callTool({ name, arguments: input })
  const bid = {
    platform: 'google_ads',
    campaignId: 'c1',
    customerId: 'C',
    predictedLtv: 1200,
    bidAmount: 100,
  }
  expect(await call('place_bid', { ...bid, idempotencyKey: 'one' })).toMatchObject({
    structuredContent: { status: 'placed', bidAmount: 100 },
  })
  // A refusal of a tool with an output schema is one, and no fault of the protocol.
  const refused = await call('place_bid', { ...bid, bidAmount: 450, idempotencyKey: 'two' })
  expect(refused).toMatchObject({
    isError: true,
    _meta: { 'bidwarden/problem': { code: 'budget_exceeded', retry: 'after' } },
  })
  expect(await call('pause', { scope: 'platform:meta' })).toMatchObject({
    structuredContent: { paused: true },
  })
  expect(await call('resume', { scope: 'platform:meta' })).toMatchObject({ isError: true })
  const { contents } = await client.readResource({ uri: 'bidwarden://budgets/platform:meta' })
  expect(contents).toMatchObject([{ mimeType: 'application/json' }])
})
