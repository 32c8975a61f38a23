import { Client, type ClientOptions, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { onTestFinished } from 'vitest'

/** How a client speaks: by the revision of 2026-07-28, or by `initialize` as those of 2025 and before. */
export const ERAS = ['2026-07-28', 'legacy'] as const
export type Era = (typeof ERAS)[number]

/** A client as agents have it, which is closed when the test ends. */
export async function connectMcp(
  url: string,
  era: Era,
  key?: string,
  options: ClientOptions = {},
): Promise<Client> {
  const mode = era === 'legacy' ? 'legacy' : { pin: era }
  const client = new Client({ name: 'test', version: '1.0.0' }, { ...options, versionNegotiation: { mode } })
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` }
  await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', url), { requestInit: { headers } }))
  onTestFinished(() => client.close())
  return client
}

/** What a tool has answered: its result, or the problem for which it was refused. */
export interface Told {
  // biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects of a result
  readonly result?: any
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly problem?: any
}

/** Calls a tool. Throws where its text and its data, for a model and for a program, say different things. */
export async function callTool(client: Client, name: string, input: object = {}): Promise<Told> {
  const { content, structuredContent, isError, _meta } = await client.callTool({
    name,
    arguments: { ...input },
  })
  const [first] = content
  const text = first?.type === 'text' ? JSON.parse(first.text) : undefined
  const data: unknown = isError ? _meta?.['bidwarden/problem'] : structuredContent
  if (JSON.stringify(text) !== JSON.stringify(data))
    throw new Error(`${JSON.stringify(text)} is not the data`)
  return isError ? { problem: data } : { result: data }
}
