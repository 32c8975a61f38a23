import { dataOf } from '@bidwarden/client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { CONNECTIONS_KEY, type ConnectorType, connectorTypesQuery } from '../../api/connections.ts'
import { Answer } from '../../ui/answer.tsx'
import { platformName } from '../../ui/platform-name.ts'
import { ProblemBox } from '../../ui/problem-box.tsx'
import { told } from '../../ui/toasts.tsx'
import { useLoginEnds } from './login.ts'
import { LoginButton } from './login-button.tsx'
import { settingsOf } from './settings.ts'

/** Connects an account: by a login at its platform, or by its API key. */
export function Connect() {
  const query = useQuery(connectorTypesQuery)
  useLoginEnds()
  return (
    <section className="card" aria-labelledby="connect">
      <header>
        <h2 id="connect">Connect an account</h2>
        <span className="side-note">
          What is granted is kept encrypted, and taken back when it is disconnected
        </span>
      </header>
      <Answer query={query}>{({ types }) => <ConnectForm types={types} />}</Answer>
    </section>
  )
}

function ConnectForm({ types }: { types: readonly ConnectorType[] }) {
  const [chosen, setChosen] = useState(types[0]?.type ?? '')
  const type = types.find((one) => one.type === chosen)
  return (
    <div className="body stack">
      <div className="fields platform">
        <label className="field">
          <span>Platform</span>
          <select value={chosen} onChange={(event) => setChosen(event.target.value)}>
            {types.map((one) => (
              <option key={one.type} value={one.type}>
                {platformName(one.type)}
              </option>
            ))}
          </select>
        </label>
      </div>
      {type && <HowToConnect key={type.type} type={type} />}
    </div>
  )
}

type Typed = Readonly<Record<string, string>>

function HowToConnect({ type: { type, auth } }: { type: ConnectorType }) {
  const [typed, setTyped] = useState<Typed>({})
  const settings = Object.fromEntries(
    Object.entries(typed).flatMap(([name, text]) => (text.trim() === '' ? [] : [[name, text.trim()]])),
  )
  return (
    <>
      {settingsOf(type).length > 0 && (
        <div className="fields settings">
          {settingsOf(type).map(({ name, label, hint }) => (
            <label key={name} className="field">
              <span>{label}</span>
              <input
                value={typed[name] ?? ''}
                onChange={(event) => setTyped({ ...typed, [name]: event.target.value })}
              />
              <span className="hint">{hint}</span>
            </label>
          ))}
        </div>
      )}
      {auth === 'oauth2' ? (
        <LoginButton login={{ type, settings }}>Log in at {platformName(type)} …</LoginButton>
      ) : (
        <KeyForm type={type} settings={settings} />
      )}
    </>
  )
}

function KeyForm({ type, settings }: { type: string; settings: Typed }) {
  const queries = useQueryClient()
  const [key, setKey] = useState('')
  const { mutate, isPending, error } = useMutation({
    mutationFn: () =>
      dataOf(
        api.POST('/api/v1/connectors', { body: { connector_type: type, api_key: key.trim(), settings } }),
      ),
    onSuccess: () => told(`${platformName(type)} is connected`),
    onSettled() {
      setKey('')
      return queries.invalidateQueries({ queryKey: CONNECTIONS_KEY })
    },
  })
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        mutate()
      }}
    >
      <div className="key-row">
        <label className="field">
          <span>API key of {platformName(type)}</span>
          <input
            type="password"
            autoComplete="off"
            required
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        </label>
        <button type="submit" className="button main" disabled={isPending}>
          Connect
        </button>
      </div>
      {error && <ProblemBox problem={error} />}
    </form>
  )
}
