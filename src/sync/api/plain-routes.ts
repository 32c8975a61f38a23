import type { PlainRoute } from '../../api/index.ts'

const PLATFORM = [
  { name: 'platform', in: 'path', description: 'Type of the connection.', example: 'resend' },
  { name: 'id', in: 'path', description: 'The connection.' },
] as const

/** Routes of the read stack that do not answer JSON: files, a stream, and webhooks of platforms. */
export const PLAIN_ROUTES: readonly PlainRoute[] = [
  {
    method: 'get',
    path: '/api/v1/connectors/requests/{id}/data',
    summary: 'The rows of a request',
    scope: 'read',
    description:
      'While the platform is kept away from, the last good rows, with the header x-bidwarden-stale.',
    parameters: [
      { name: 'id', in: 'path', description: 'The request.' },
      {
        name: 'format',
        in: 'query',
        description: 'json, csv or parquet; json where nothing is said',
        example: 'csv',
      },
      {
        name: 'limit',
        in: 'query',
        description: 'Most rows of the answer, up to 10,000; all where nothing is said. Not with parquet.',
        example: '100',
      },
      {
        name: 'offset',
        in: 'query',
        description: 'How many rows to leave out at the beginning, to read page by page.',
        example: '0',
      },
    ],
    answers: {
      200: ['The rows, as they are read', 'application/json', 'text/csv', 'application/vnd.apache.parquet'],
      400: ['The request has no data yet', 'application/problem+json'],
      404: ['There is no such request', 'application/problem+json'],
    },
  },
  {
    method: 'get',
    path: '/api/v1/events',
    summary: 'What happens to your connections, as it happens',
    scope: 'read',
    description: 'Server-sent events; the data of each is a CloudEvent.',
    parameters: [{ name: 'Last-Event-ID', in: 'header', description: 'Go on after this event.' }],
    answers: {
      200: ['Events, until you hang up', 'text/event-stream'],
      429: ['As many streams are open as may be', 'application/problem+json'],
    },
  },
  {
    method: 'get',
    path: '/api/v1/webhooks/{platform}/{id}',
    summary: 'Prove to a platform that the address is ours',
    description: 'Meta asks so; it is answered where the verify token is right.',
    parameters: PLATFORM,
    answers: {
      200: ['The challenge', 'text/plain'],
      404: ['There is no such address', 'application/problem+json'],
    },
  },
  {
    method: 'post',
    path: '/api/v1/webhooks/{platform}/{id}',
    summary: 'Take what a platform tells',
    description: 'Signed with the secret of the connection.',
    parameters: PLATFORM,
    body: { type: 'application/json', example: { type: 'email.delivered', data: {} } },
    answers: {
      204: ['It is taken'],
      401: ['The signature is wrong', 'application/problem+json'],
      404: ['There is no such address', 'application/problem+json'],
    },
  },
]
