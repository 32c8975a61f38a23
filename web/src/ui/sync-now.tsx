import { dataOf } from '@bidwarden/client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api } from '../api/client.ts'
import { CONNECTIONS_KEY, type Connection } from '../api/connections.ts'
import { platformName } from './platform-name.ts'
import { failed, told } from './toasts.tsx'

/** Begins a synchronisation; the call answers once it waits in the queue. */
export function useSyncNow() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ id }: { id: string; name: string }) =>
      dataOf(api.POST('/api/v1/connectors/{id}/sync', { params: { path: { id } } })),
    onSuccess: (_, { name }) => told(`${name} is being read`),
    onError: (error, { name }) => failed(`${name} is not read`, error),
    onSettled: () => queries.invalidateQueries({ queryKey: CONNECTIONS_KEY }),
  })
}

export function SyncNow({ connection: { id, type, status, account_id } }: { connection: Connection }) {
  const { mutate, isPending } = useSyncNow()
  const name = platformName(type)
  if (status !== 'connected') return null
  return (
    <button
      type="button"
      className="button"
      aria-label={`Sync now: ${name} ${account_id ?? ''}`}
      disabled={isPending}
      onClick={() => mutate({ id, name })}
    >
      Sync now
    </button>
  )
}
