import { dataOf, type operations, ProblemError } from '@bidwarden/client'
import { type QueryClient, queryOptions, useQuery } from '@tanstack/react-query'
import { api } from './client.ts'

export type Session = operations['getSession']['responses']['200']['content']['application/json']
type KeyScope = Session['scopes'][number]

/** How often the page looks whether its key may still do what it may, in milliseconds. */
const EVERY_MS = 30_000

/** Who looks at the page, and what that key may do; null where nobody has signed in and a key is needed. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  async queryFn({ signal }): Promise<Session | null> {
    try {
      return await dataOf(api.GET('/v1/session', { signal }))
    } catch (error) {
      if (isSignedOut(error)) return null
      throw error
    }
  },
  refetchInterval: EVERY_MS,
})

/** How people can sign in; it changes with the configuration alone. */
export const waysQuery = queryOptions({
  queryKey: ['session', 'ways'],
  queryFn: ({ signal }) => dataOf(api.GET('/v1/session/ways', { signal })),
  staleTime: Number.POSITIVE_INFINITY,
})

/** Whether a call was refused because nobody is signed in, or no longer. */
export const isSignedOut = (thrown: unknown): boolean =>
  thrown instanceof ProblemError && thrown.status === 401

/** Shows the way in, and keeps nothing of what the session has shown: the next one may see less. */
export function forgetSession(queries: QueryClient): void {
  queries.setQueryData(sessionQuery.queryKey, null)
  queries.removeQueries({ predicate: ({ queryKey: [first] }) => first !== sessionQuery.queryKey[0] })
}

/** What the viewer may do. Nothing else is offered; the service refuses it in any case. */
export function useMay() {
  const { data } = useQuery(sessionQuery)
  return {
    may: (scope: KeyScope): boolean => data?.scopes.includes(scope) ?? false,
    isOperator: data?.isOperator ?? false,
  }
}
