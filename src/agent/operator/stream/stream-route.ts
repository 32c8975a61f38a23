import { type Authorize, type Ctx, header, mayGoOn, type PlainRoute } from '../../../api/index.ts'
import { StreamEvent } from './news.ts'
import type { Streams } from './streams.ts'

export const STREAM_ROUTE: PlainRoute = {
  method: 'get',
  path: '/v1/stream',
  summary: 'What happens, as it happens: bids, budgets, breakers, the kill switch, notices of exchanges',
  description: [
    'Server-sent events; `StreamEvent` says what each has. `bid`: a decision, and again when its status has changed. `notice`: of an exchange. Of both at most 100 a second come; `skipped` counts the others.',
    '`auctions`: what a seat has counted in about a second, by all workers. `budget`: its figures have changed; looked at once a second, 500 campaigns at a time, pauses four times a second. `breaker` and `kill_switch`: four times a second, for the operator alone.',
    'Keys of an organisation get what is its own. With `Last-Event-ID` a stream goes on after that event (`open` with `resumed`); where that is too long ago, or events were lost, `reset` says to read everything again. A comment comes every 15 s. A reader that does not read is cut.',
    'With several processes on one Redis a stream has the bids, notices and breakers of the process that answers it, and the budgets and kill switch of all.',
  ].join(' '),
  scope: 'read',
  parameters: [{ name: 'Last-Event-ID', in: 'header', description: 'Id of the last event that was seen.' }],
  answers: {
    200: ['Events, until you hang up', 'text/event-stream'],
    429: ['As many streams are open as may be', 'application/problem+json'],
  },
  schemas: { 'text/event-stream': StreamEvent },
}

/** Answers `GET /v1/stream`. */
export function streamHandler(streams: Streams, authorize: Authorize): (c: Ctx) => Response {
  return (c) => {
    const { incoming, outgoing } = c.env
    const caller = authorize(incoming, 'read')
    caller.charge(1)
    const { body, leave } = streams.open({
      who: caller.org,
      org: caller.boundTo,
      lastId: header(c, 'last-event-id'),
      isAllowed: () => mayGoOn(authorize, incoming, 'read'),
      cut: () => outgoing.destroy(),
    })
    outgoing.once('close', leave)
    // Without keep-alive, a stopping server does not wait for this connection.
    const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', connection: 'close' }
    return new Response(body, { headers })
  }
}
