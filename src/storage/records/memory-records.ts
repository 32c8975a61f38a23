import { type ChangesPage, type ChangesQuery, type Entry, NOTHING, type Records } from './records.ts'

type Change = Extract<Entry, { put: 'change' }>

/** The most changes that are kept in memory. */
export const MAX_CHANGES = 1_000

/** Records that end with the process. They store only changes: the callers keep everything else in memory themselves. */
export function createMemoryRecords(): Records {
  /** The changes by id, oldest first. */
  const changes = new Map<string, Change & { readonly number: number }>()
  let lastNumber = 0
  return {
    lasts: false,
    state: { is: 'open' },
    async append(entries) {
      for (const entry of entries) {
        if (entry.put !== 'change') continue
        const number = changes.get(entry.id)?.number ?? ++lastNumber
        changes.set(entry.id, { ...entry, number })
        const [oldest] = changes.keys()
        if (changes.size > MAX_CHANGES && oldest !== undefined) changes.delete(oldest)
      }
    },
    recover: async () => NOTHING,
    find: async () => undefined,
    changes: async (query) => pageOf([...changes.values()].reverse(), query),
    changeCount: async () => changes.size,
    spentBetween: async () => [],
    spentPage: async () => ({ parts: [], nextMs: undefined, keptFromMs: undefined }),
    close: async () => {},
  }
}

function pageOf(
  changes: readonly (Change & { readonly number: number })[],
  query: ChangesQuery,
): ChangesPage {
  const {
    before = Number.POSITIVE_INFINITY,
    fromMs = 0,
    toMs = Number.POSITIVE_INFINITY,
    targets,
    limit,
  } = query
  const wanted = changes.filter(
    ({ number, atMs, ...change }) =>
      number < before &&
      atMs >= fromMs &&
      atMs < toMs &&
      (targets?.includes(change.target) ?? true) &&
      (['org', 'action', 'caller'] as const).every(
        (name) => query[name] === undefined || query[name] === change[name],
      ),
  )
  const page = wanted.slice(0, limit)
  const last = page.at(-1)
  return {
    changes: page.map(({ id, text }) => ({ id, text })),
    ...(last && wanted.length > limit && { next: last.number }),
  }
}
