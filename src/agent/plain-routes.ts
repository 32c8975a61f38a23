import type { PlainRoute } from '../api/index.ts'
import { NO_BID_REASONS } from './exchange/openrtb/index.ts'
import { OIDC_ROUTES } from './operator/sign-in/oidc-routes.ts'
import { STREAM_ROUTE } from './operator/stream/stream-route.ts'

/** Routes that are not JSON calls with an API key: exchanges, health, metrics, the ledger, the documentation. */
export const PLAIN_ROUTES: readonly PlainRoute[] = [
  {
    method: 'post',
    path: '/openrtb2/{seat}/bid',
    summary: 'Answer an OpenRTB 2.5 or 2.6 bid request',
    description: `Prices are for a thousand impressions. Each bid of the answer holds its money until its notice comes or its time is over. With "test": 1, or ext.bidwarden.debug and a key that may bid, an answer without bids is 200 with "nbr", and ext.seatnonbid says for each impression and campaign why: ${NO_BID_REASONS.join(', ')}. See docs/openrtb.md.`,
    parameters: [{ name: 'seat', in: 'path', description: 'Seat of the exchange.', example: 'example' }],
    body: {
      type: 'application/json',
      example: { id: '1', imp: [{ id: '1', banner: { w: 300, h: 250 } }], tmax: 200 },
    },
    answers: {
      200: ['Bids', 'application/json'],
      204: ['No bid'],
      400: ['The body is no bid request: "field" names what is missing or wrong', 'application/json'],
      403: ['The seat wants a key that may bid, or another address'],
      404: ['There is no such seat'],
      406: ['Accept-Encoding takes the answer neither as it is nor in gzip'],
      415: ['Content-Encoding is another one than gzip', 'application/json'],
      429: ['More requests than the seat may send'],
    },
  },
  ...(['get', 'post'] as const).map(
    (method): PlainRoute => ({
      method,
      path: '/openrtb2/notice/{kind}/{token}',
      summary: 'Take the notice of a win, a bill or a loss',
      description: 'The addresses are in the bids, signed. Safe to repeat.',
      parameters: [
        { name: 'kind', in: 'path', description: 'win, billing or loss', example: 'win' },
        { name: 'token', in: 'path', description: 'As it is in the bid.' },
        { name: 'price', in: 'query', description: 'Clearing price, for a thousand impressions.' },
        { name: 'cur', in: 'query', description: 'Currency of the price.' },
        { name: 'loss', in: 'query', description: 'Loss reason code.' },
      ],
      answers: {
        200: ['It is booked, or was before'],
        404: ['The address is not one of ours'],
        503: [
          'It cannot be booked now: budget_store_unavailable or records_unavailable; send it again',
          'application/problem+json',
        ],
      },
    }),
  ),
  {
    method: 'get',
    path: '/livez',
    summary: 'Whether the process runs',
    answers: { 200: ['It does', 'text/plain'] },
  },
  {
    method: 'get',
    path: '/readyz',
    summary: 'Whether every part does its work',
    answers: {
      200: ['"ok": every part does', 'text/plain'],
      503: ['A line for each part that does not, with its name and why', 'text/plain'],
    },
  },
  {
    method: 'get',
    path: '/metrics',
    summary: 'Metrics for Prometheus',
    scope: 'read',
    isOperators: true,
    answers: { 200: ['All metrics', 'text/plain'] },
  },
  {
    method: 'get',
    path: '/v1/ledger',
    summary: 'Every entry of the ledger of budgets, a line of JSON each',
    scope: 'read',
    isOperators: true,
    parameters: [
      { name: 'scope', in: 'query', description: 'Only entries of this budget.', example: 'global' },
      {
        name: 'from',
        in: 'query',
        description: 'Only entries since this time.',
        example: '2026-11-01T00:00:00Z',
      },
      {
        name: 'to',
        in: 'query',
        description: 'Only entries before this time.',
        example: '2100-01-01T00:00:00Z',
      },
    ],
    answers: {
      200: ['Entries, as they are read', 'application/x-ndjson'],
      404: ['Budgets are not kept in a ledger on the disk here', 'application/problem+json'],
      503: ['budget_store_unavailable', 'application/problem+json'],
    },
  },
  STREAM_ROUTE,
  ...OIDC_ROUTES,
  {
    method: 'get',
    path: '/openapi.json',
    summary: 'This document',
    answers: { 200: ['OpenAPI 3.1', 'application/json'] },
  },
  {
    method: 'get',
    path: '/docs',
    summary: 'This documentation, as a page',
    answers: { 200: ['The page', 'text/html'] },
  },
]
