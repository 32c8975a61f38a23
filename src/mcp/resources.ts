import { readdir, readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import {
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  ResourceNotFoundError,
  ResourceTemplate,
} from '@modelcontextprotocol/server'
import type { Caller } from '../api/index.ts'
import { bodyOf, type OwnCall, RouteRefusal } from '../api/index.ts'
import type { ToolContext } from './tool.ts'
import { BudgetNow, BudgetPage, budgetPath, ScopeName } from './tools/budgets.ts'

const ROOT = new URL('../../', import.meta.url)
const RUNBOOKS = new URL('docs/runbooks/', ROOT)

/** How long a client may cache a text that changes only with the version, in milliseconds. */
const TEXT_TTL_MS = 3_600_000
const TEXT = { ttlMs: TEXT_TTL_MS, cacheScope: 'public' } as const
const MARKDOWN = 'text/markdown'
const JSON_TYPE = 'application/json'

/** How many budgets the resource `bidwarden://budgets` shows. */
const LISTED = 50

/** Adds what a model may read: the glossary, the runbook of each alert, and budgets if the key may read them. */
export function addResources(server: McpServer, { may }: Caller, { own, onError }: ToolContext): void {
  server.registerResource(
    'glossary',
    'bidwarden://glossary',
    {
      title: 'Glossary',
      description: 'What the words of the service mean',
      mimeType: MARKDOWN,
      cacheHint: TEXT,
    },
    async (uri) => markdown(uri, await readFile(new URL('GLOSSARY.md', ROOT), 'utf8')),
  )
  addRunbooks(server)
  if (may('read')) addBudgets(server, own, onError)
}

function addRunbooks(server: McpServer): void {
  const about = { title: 'Runbooks', description: 'What to do at each alert', mimeType: MARKDOWN }
  server.registerResource('runbooks', 'bidwarden://runbooks', { ...about, cacheHint: TEXT }, async (uri) =>
    markdown(uri, await readFile(new URL('README.md', RUNBOOKS), 'utf8')),
  )
  server.registerResource(
    'runbook',
    new ResourceTemplate('bidwarden://runbooks/{alert}', {
      list: async () => ({
        resources: (await alerts()).map((name) => ({
          name,
          uri: `bidwarden://runbooks/${name}`,
          mimeType: MARKDOWN,
        })),
      }),
    }),
    { title: 'Runbook', description: 'What to do at one alert', mimeType: MARKDOWN, cacheHint: TEXT },
    async (uri, { alert }) => {
      // The name is compared with those of existing files, because it could be a path.
      const name = (await alerts()).find((one) => one === alert)
      if (name === undefined) throw new ResourceNotFoundError(uri.href)
      return markdown(uri, await readFile(new URL(`${name}.md`, RUNBOOKS), 'utf8'))
    },
  )
}

/** The names of the alerts that have a runbook. */
const alerts = async (): Promise<string[]> =>
  (await readdir(RUNBOOKS)).map((file) => basename(file, '.md')).filter((name) => name !== 'README')

function addBudgets(server: McpServer, own: OwnCall, onError: ToolContext['onError']): void {
  const asJson = jsonReader(onError)
  const description = `The first ${LISTED} budgets as they are now; the tool list_budgets has all`
  server.registerResource(
    'budgets',
    'bidwarden://budgets',
    { title: 'Budgets', description, mimeType: JSON_TYPE },
    (uri) =>
      asJson(uri, async () =>
        BudgetPage.parse(await bodyOf(own, { method: 'GET', path: '/v1/budgets', query: { limit: LISTED } })),
      ),
  )
  server.registerResource(
    'budget',
    // Not listed: there may be thousands, which the tool lists page by page.
    new ResourceTemplate('bidwarden://budgets/{scope}', { list: undefined }),
    { title: 'Budget', description: 'One budget as it is now', mimeType: JSON_TYPE },
    (uri, { scope }) =>
      asJson(uri, async () => {
        const name = ScopeName.safeParse(decoded(scope))
        if (!name.success) throw new ResourceNotFoundError(uri.href)
        return BudgetNow.parse(await bodyOf(own, { method: 'GET', path: budgetPath(name.data) }))
      }),
  )
}

/** The name of a budget from an address, in which clients may have encoded its punctuation. */
const decoded = (part: string | string[] | undefined): string =>
  String(part).replaceAll(/%3a/gi, ':').replaceAll(/%40/g, '@')

const markdown = (uri: URL, text: string): ReadResourceResult => ({
  contents: [{ uri: uri.href, mimeType: MARKDOWN, text }],
})

/** Reads a resource as JSON, and turns the refusals of routes into errors of the protocol. */
const jsonReader =
  (onError: ToolContext['onError']) =>
  async (uri: URL, read: () => Promise<object>): Promise<ReadResourceResult> => {
    try {
      return { contents: [{ uri: uri.href, mimeType: JSON_TYPE, text: JSON.stringify(await read()) }] }
    } catch (error) {
      if (error instanceof ProtocolError) throw error
      if (!(error instanceof RouteRefusal)) {
        onError(error)
        throw new ProtocolError(ProtocolErrorCode.InternalError, 'Unexpected error')
      }
      const { problem } = error
      if (problem.status === 404) throw new ResourceNotFoundError(uri.href)
      throw new ProtocolError(ProtocolErrorCode.InternalError, problem.detail, { problem })
    }
  }
