import type { PlainRoute } from '../api/index.ts'

/** The documentation of the route; the protocol itself is described by its standard. */
export const MCP_ROUTE: PlainRoute = {
  method: 'post',
  path: '/mcp',
  summary: 'Tools for agents, by the Model Context Protocol',
  description:
    'One JSON-RPC message of revision 2026-07-28, or of 2025-11-25 and older without a session. Which tools there are follows from the scopes of the key; see docs/mcp.md.',
  scope: 'any',
  body: {
    type: 'application/json',
    example: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} },
  },
  answers: {
    200: ['The result of the message, or its error', 'application/json', 'text/event-stream'],
    202: ['A notification was taken'],
    400: ['The message cannot be read', 'application/json', 'application/problem+json'],
    404: ['There is no such method', 'application/json', 'application/problem+json'],
    406: ['Accept takes neither JSON nor events', 'application/json'],
    413: ['payload_too_large', 'application/problem+json'],
    415: ['unsupported_media_type', 'application/problem+json'],
  },
}
