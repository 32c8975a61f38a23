import type { StreamEvent, StreamState } from '@bidwarden/client'
import { notifyManager, type QueryClient, type QueryKey } from '@tanstack/react-query'
import { api, type Budget } from './client.ts'
import { keepNews, noteAway, noteFigures, noteLive, noteNoAnswer } from './live-state.ts'
import { bidsWith, bidWith, budgetsWith, budgetWith, killSwitchWith, platformsWith } from './news.ts'
import { isUnreachable } from './problem.ts'
import {
  type BidFilter,
  bidQuery,
  bidsQuery,
  budgetQuery,
  budgetsQuery,
  killSwitchQuery,
  platformsQuery,
} from './queries.ts'
import { forgetSession, isSignedOut } from './session.ts'

/** The service is asked for the stream again at least this often while it is away, in milliseconds. */
const LONGEST_WAIT_MS = 5_000
/** So often everything is read anew all the same, in milliseconds: budgets that were removed are not told. */
const SURE_EVERY_MS = 30_000
/** What an event only hints at is read anew at most this often, in milliseconds. */
const HINTED_EVERY_MS = 2_000
/** Bids are, while they come too quickly to be told; a thousand of them are read then. */
const SKIPPED_EVERY_MS = 10_000
/** First parts of the keys of what the stream tells of. */
const TOLD = new Set<unknown>([
  'kill-switch',
  'budgets',
  'platforms',
  'bids',
  'bid',
  'audit',
  'seats',
  'approvals',
])

/**
 * Keeps what is shown as new as the service tells it: one connection for all pages of this tab, for as long as the tab is
 * seen. Returns what ends it.
 */
export function keepLive(queries: QueryClient): () => void {
  let lastEventId: string | undefined
  let connection: AbortController | undefined
  const hints = new Hints(queries)
  const inbox = new Inbox((events) => take(queries, hints, events))
  const read = async ({ signal }: AbortController): Promise<void> => {
    const onState = (state: StreamState) => follow(queries, state)
    try {
      for await (const event of api.stream({
        signal,
        lastEventId,
        onState,
        longestWaitMs: LONGEST_WAIT_MS,
      })) {
        lastEventId = event.id
        inbox.add(event)
      }
    } catch (error) {
      // It is of no use to ask again; what is shown goes on being asked for.
      noteAway()
      if (isSignedOut(error)) forgetSession(queries)
    }
  }
  const connect = () => {
    connection?.abort()
    // A browser has six connections to a host for all its tabs: one that nobody sees takes none of them.
    if (document.hidden) return
    connection = new AbortController()
    void read(connection)
  }
  const wakers = [
    [document, 'visibilitychange'],
    [window, 'online'],
    [window, 'offline'],
  ] as const
  for (const [target, event] of wakers) target.addEventListener(event, connect)
  const sure = setInterval(() => readAnew(queries), SURE_EVERY_MS)
  connect()
  return () => {
    clearInterval(sure)
    for (const [target, event] of wakers) target.removeEventListener(event, connect)
    connection?.abort()
    inbox.close()
    hints.close()
  }
}

function follow(queries: QueryClient, state: StreamState): void {
  if (state.is === 'open') noteLive()
  // The first answer says whether it is the stream alone that is away; each says how soon to ask again.
  else if (noteAway()) readAnew(queries)
  else if (isUnreachable(state.error)) noteNoAnswer()
}

function readAnew(queries: QueryClient): void {
  if (!document.hidden)
    void queries.invalidateQueries({ predicate: ({ queryKey: [first] }) => TOLD.has(first) })
}

/** Puts what has happened into what is shown. */
function take(queries: QueryClient, hints: Hints, events: readonly StreamEvent[]): void {
  keepNews(events)
  noteFigures()
  notifyManager.batch(() => {
    hint(queries, hints, events)
    queries.setQueryData(killSwitchQuery.queryKey, (known) => known && killSwitchWith(known, events))
    queries.setQueryData(budgetsQuery.queryKey, (known) => known && budgetsWith(known, events))
    queries.setQueryData(platformsQuery.queryKey, (known) => known && platformsWith(known, events))
    for (const [, scope] of shown(queries, budgetsQuery.queryKey))
      if (typeof scope === 'string')
        queries.setQueryData(budgetQuery(scope).queryKey, (known) => known && budgetWith(known, events))
    for (const [, filter] of shown(queries, ['bids'])) {
      const asked = filter as BidFilter
      queries.setQueryData(bidsQuery(asked).queryKey, (known) => known && bidsWith(known, asked, events))
    }
    for (const [, bidId] of shown(queries, ['bid']))
      queries.setQueryData(bidQuery(String(bidId)).queryKey, (known) => known && bidWith(known, events))
  })
}

/** Keys of what is on the page, below one key. */
const shown = (queries: QueryClient, queryKey: QueryKey): QueryKey[] =>
  queries
    .getQueryCache()
    .findAll({ queryKey, type: 'active' })
    .map((one) => one.queryKey)

/** Reads anew what events say no more of than that it has changed. */
function hint(queries: QueryClient, hints: Hints, events: readonly StreamEvent[]): void {
  const budgets = queries.getQueryData(budgetsQuery.queryKey)?.budgets
  for (const one of events)
    switch (one.event) {
      case 'reset':
        readAnew(queries)
        break
      case 'open':
        // What was read before it may be older than it.
        if (!one.data.resumed) readAnew(queries)
        break
      case 'kill_switch':
        hints.give('audit', HINTED_EVERY_MS)
        break
      case 'approval':
        hints.give('approvals', HINTED_EVERY_MS)
        break
      case 'budget': {
        const known = budgets?.find(({ scope }) => scope === one.data.scope)
        if (!known) hints.give('budgets', HINTED_EVERY_MS)
        if (!known || rulesOf(known) !== rulesOf(one.data)) hints.give('audit', HINTED_EVERY_MS)
        break
      }
      case 'bid':
      case 'breaker':
        hints.give('platforms', HINTED_EVERY_MS)
        break
      case 'auctions':
      case 'notice':
        hints.give('seats', HINTED_EVERY_MS)
        break
      case 'skipped':
        if (one.data.bids > 0) hints.give('bids', SKIPPED_EVERY_MS)
        break
    }
}

/** What people decide of a budget: its limits and whether it is paused. */
const rulesOf = ({ limits, paused, holdMode }: Budget): string =>
  JSON.stringify([
    paused,
    holdMode,
    limits.map(({ kind, max, timezone, windowSeconds }) => [kind, max, timezone, windowSeconds]),
  ])

/** Reads anew what is hinted at: the first time soon, and then not before some time is over. */
class Hints {
  readonly #queries: QueryClient
  readonly #waiting = new Map<string, ReturnType<typeof setTimeout>>()
  readonly #readMs = new Map<string, number>()

  constructor(queries: QueryClient) {
    this.#queries = queries
  }

  give(key: string, everyMs: number): void {
    if (this.#waiting.has(key)) return
    const readMs = this.#readMs.get(key) ?? Number.NEGATIVE_INFINITY
    const timer = setTimeout(
      () => {
        this.#waiting.delete(key)
        this.#readMs.set(key, performance.now())
        void this.#queries.invalidateQueries({ queryKey: [key] })
      },
      Math.max(0, readMs + everyMs - performance.now()),
    )
    this.#waiting.set(key, timer)
  }

  close(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer)
  }
}

/** Gathers events until the next frame, so that the page is drawn once for all of them. */
class Inbox {
  readonly #take: (events: readonly StreamEvent[]) => void
  #events: StreamEvent[] = []
  #frame: number | undefined

  constructor(take: (events: readonly StreamEvent[]) => void) {
    this.#take = take
  }

  add(event: StreamEvent): void {
    this.#events.push(event)
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined
      this.#take(this.#events.splice(0))
    })
  }

  close(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
  }
}
