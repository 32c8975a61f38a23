import { dataOf } from '@bidwarden/client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import {
  CONVERSIONS_KEY,
  type ConversionConnection,
  conversionConnectionsQuery,
} from '../../api/conversions.ts'
import { useMay } from '../../api/session.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { Confirm, ReasonField } from '../../ui/confirm.tsx'
import { platformName } from '../../ui/platform-name.ts'
import { ProblemBox } from '../../ui/problem-box.tsx'
import { Time } from '../../ui/time.tsx'
import { told } from '../../ui/toasts.tsx'
import { CONNECTABLE, CREDENTIAL_FIELDS, type CredentialField } from './credential-fields.ts'

/** The accounts that outcomes go to: connect one, give it new credentials, test it, end it. */
export function ConversionConnections() {
  const query = useQuery(conversionConnectionsQuery)
  const { may } = useMay()
  const [chosen, setChosen] = useState<string>()
  return (
    <section className="card" aria-labelledby="connections">
      <header>
        <h2 id="connections">Connections</h2>
        <span className="side-note">Credentials are kept encrypted, and shown to nobody</span>
      </header>
      <Answer query={query}>
        {({ connections }) =>
          connections.length === 0 ? (
            <Empty title="Outcomes go to no platform yet">
              {may('connect')
                ? 'Choose a platform below and give its credentials.'
                : 'A key with the scope connect can connect one.'}
            </Empty>
          ) : (
            <ul className="connected">
              {connections.map((one) => (
                <ConnectionRow key={one.platform} connection={one} onRenew={() => setChosen(one.platform)} />
              ))}
            </ul>
          )
        }
      </Answer>
      {may('connect') && (
        <details className="body" open={chosen !== undefined || undefined}>
          <summary>Connect a platform, or give new credentials to one</summary>
          <ConnectForm key={chosen} platform={chosen} />
        </details>
      )}
    </section>
  )
}

const TONES = { connected: 'ok', pending: 'warn', error: 'danger', disconnected: '' } as const

function ConnectionRow({ connection, onRenew }: { connection: ConversionConnection; onRenew: () => void }) {
  const { platform, status, message, details } = connection
  const { may } = useMay()
  const updatedAt = details?.['updated_at']
  return (
    <li>
      <div className="row">
        <strong>{platformName(platform)}</strong>
        <span className={`chip ${TONES[status]}`}>{status}</span>
        <span className="soft">
          {message}
          {typeof updatedAt === 'string' && (
            <>
              , since <Time at={updatedAt} />
            </>
          )}
        </span>
      </div>
      {may('connect') && (
        <div className="row end">
          <TestButton platform={platform} />
          <button type="button" className="button" onClick={onRenew}>
            New credentials<span className="sr-only"> for {platformName(platform)}</span>
          </button>
          <EndButton platform={platform} />
        </div>
      )}
    </li>
  )
}

function TestButton({ platform }: { platform: string }) {
  const queries = useQueryClient()
  const { mutate, isPending, error, data } = useMutation({
    mutationFn: () =>
      dataOf(api.POST('/api/v1/conversions/connections/{platform}/test', { params: { path: { platform } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: CONVERSIONS_KEY }),
  })
  const took = data?.details?.['latency_ms']
  return (
    <>
      <span aria-live="polite">
        {error && <ProblemBox problem={error} />}
        {data && !error && (
          <span className={`chip ${TONES[data.status]}`}>
            {data.status === 'connected' ? 'works' : data.message}
            {typeof took === 'number' && ` · ${took} ms`}
          </span>
        )}
      </span>
      <button type="button" className="button" disabled={isPending} onClick={() => mutate()}>
        Test<span className="sr-only"> {platformName(platform)}</span>
      </button>
    </>
  )
}

function EndButton({ platform }: { platform: string }) {
  const queries = useQueryClient()
  const name = platformName(platform)
  const { mutate, isPending } = useMutation({
    mutationFn: (reason: string | undefined) =>
      dataOf(
        api.DELETE('/api/v1/conversions/connections/{platform}', {
          params: { path: { platform }, query: { ...(reason !== undefined && { reason }) } },
        }),
      ),
    onSuccess: () => told(`${name} is not connected any more`),
    onSettled: () => queries.invalidateQueries({ queryKey: CONVERSIONS_KEY }),
  })
  return (
    <Confirm
      trigger={
        <button type="button" className="button danger" disabled={isPending}>
          Disconnect<span className="sr-only"> {name}</span> …
        </button>
      }
      title={`Disconnect ${name}?`}
      action="Disconnect"
      onConfirm={mutate}
    >
      <p>
        Its credentials are forgotten. Outcomes that wait for it are given up once they are too old for it.
      </p>
    </Confirm>
  )
}

type Typed = Readonly<Record<string, string>>

function ConnectForm({ platform: first }: { platform: string | undefined }) {
  const queries = useQueryClient()
  const [platform, setPlatform] = useState(first ?? CONNECTABLE[0] ?? '')
  const [typed, setTyped] = useState<Typed>({})
  const [region, setRegion] = useState('')
  const [reason, setReason] = useState('')
  const fields = CREDENTIAL_FIELDS[platform] ?? []
  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: () =>
      dataOf(
        api.PUT('/api/v1/conversions/connections/{platform}', {
          params: { path: { platform } },
          body: {
            credentials: credentialsIn(fields, typed),
            settings: region.trim() === '' ? {} : { default_region: region.trim().toUpperCase() },
            ...(reason.trim() !== '' && { reason: reason.trim() }),
          },
        }),
      ),
    onSuccess({ status, message }) {
      told(
        status === 'connected'
          ? `${platformName(platform)} is connected`
          : `${platformName(platform)}: ${message}`,
      )
      if (status === 'connected') setTyped({})
    },
    onSettled: () => queries.invalidateQueries({ queryKey: CONVERSIONS_KEY }),
  })
  return (
    <form
      className="stack connect-form"
      onSubmit={(event) => {
        event.preventDefault()
        mutate()
      }}
    >
      <div className="fields">
        <label className="field">
          <span>Platform</span>
          <select
            value={platform}
            onChange={(event) => {
              setPlatform(event.target.value)
              setTyped({})
              reset()
            }}
          >
            {CONNECTABLE.map((name) => (
              <option key={name} value={name}>
                {platformName(name)}
              </option>
            ))}
          </select>
        </label>
        {fields.map((field) => (
          <Field
            key={`${platform} ${field.name}`}
            field={field}
            value={typed[field.name] ?? ''}
            onChange={(text) => setTyped({ ...typed, [field.name]: text })}
          />
        ))}
        <label className="field">
          <span>Country of phone numbers (optional)</span>
          <input
            maxLength={2}
            placeholder="US"
            value={region}
            onChange={(event) => setRegion(event.target.value)}
          />
          <span className="hint">For numbers without a country code</span>
        </label>
      </div>
      <ReasonField value={reason} onChange={setReason} />
      <div className="row">
        <button type="submit" className="button main" disabled={isPending}>
          Connect and test
        </button>
        <span className="side-note">
          The platform is asked before anything is stored; nothing is sent that counts.
        </span>
      </div>
      {error && <ProblemBox problem={error} />}
    </form>
  )
}

interface FieldProps {
  readonly field: CredentialField
  readonly value: string
  onChange(text: string): void
}

function Field({ field: { label, isSecret, isOptional, hint }, value, onChange }: FieldProps) {
  return (
    <label className="field">
      <span>
        {label}
        {isOptional && ' (optional)'}
      </span>
      <input
        type={isSecret ? 'password' : 'text'}
        autoComplete="off"
        spellCheck={false}
        required={!isOptional}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      {hint !== undefined && <span className="hint">{hint}</span>}
    </label>
  )
}

/** What was typed; what is left empty is left out. */
const credentialsIn = (fields: readonly CredentialField[], typed: Typed): Record<string, string> =>
  Object.fromEntries(
    fields.flatMap(({ name }) => {
      const text = typed[name]?.trim() ?? ''
      return text === '' ? [] : [[name, text]]
    }),
  )
