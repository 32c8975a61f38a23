import { dataOf } from '@bidwarden/client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { type ApiKey, KEYS_KEY } from '../../api/settings.ts'
import { Confirm } from '../../ui/confirm.tsx'
import { failed, told } from '../../ui/toasts.tsx'
import { draftOf, timeOf } from './expiry.ts'
import { ExpiryField } from './expiry-field.tsx'

/** What can be done with a key that was made here: give it another time, or let nobody in with it. */
export function KeyActions({ apiKey }: { apiKey: ApiKey }) {
  const { name, expiresAt } = apiKey
  const revoke = useRevoke(name)
  const expire = useExpire(name)
  const [draft, setDraft] = useState(() => draftOf(expiresAt))
  const time = timeOf(draft)
  return (
    <span className="row key-actions">
      <Confirm
        trigger={
          <button type="button" className="button" disabled={expire.isPending}>
            Expiry … <span className="sr-only">of {name}</span>
          </button>
        }
        title={`When does ${name} expire?`}
        action="Set the time"
        isReady={time !== undefined}
        onConfirm={(reason) =>
          time !== undefined && expire.mutate({ expiresAt: timeOf(draft) ?? null, reason })
        }
      >
        <div className="stack">
          <ExpiryField draft={draft} onChange={setDraft} />
          <p>From then on nobody gets in with it.</p>
        </div>
      </Confirm>
      <Confirm
        trigger={
          <button type="button" className="button" disabled={revoke.isPending}>
            Revoke … <span className="sr-only">{name}</span>
          </button>
        }
        title={`Let nobody in with ${name} any more?`}
        action="Revoke the key"
        onConfirm={(reason) => revoke.mutate(reason)}
      >
        <p>
          Programs that use it are refused from their next call on, and who has signed in with it is signed
          out. It cannot be taken back.
          {apiKey.budget !== undefined && ' Its budget goes with it; what was spent stays counted.'}
        </p>
      </Confirm>
    </span>
  )
}

function useRevoke(name: string) {
  const onSettled = useRefresh()
  return useMutation({
    mutationFn: (reason: string | undefined) =>
      dataOf(
        api.DELETE('/v1/keys/{name}', {
          params: { path: { name }, query: reason === undefined ? {} : { reason } },
        }),
      ),
    onSuccess: () => told(`${name} is revoked`),
    onError: (error) => failed(`${name} may still be let in`, error),
    onSettled,
  })
}

interface Expiry {
  readonly expiresAt: string | null
  readonly reason: string | undefined
}

function useExpire(name: string) {
  const onSettled = useRefresh()
  return useMutation({
    mutationFn: ({ expiresAt, reason }: Expiry) =>
      dataOf(
        api.PATCH('/v1/keys/{name}', {
          params: { path: { name } },
          body: { expiresAt, ...(reason !== undefined && { reason }) },
        }),
      ),
    onSuccess: ({ expiresAt }) =>
      told(expiresAt === undefined ? `${name} never expires` : `${name} expires then`),
    onError: (error) => failed(`${name} expires when it did before`, error),
    onSettled,
  })
}

function useRefresh() {
  const queries = useQueryClient()
  return () =>
    Promise.all([KEYS_KEY, ['budgets'], ['audit']].map((queryKey) => queries.invalidateQueries({ queryKey })))
}
