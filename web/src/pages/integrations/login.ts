import { dataOf } from '@bidwarden/client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { api } from '../../api/client.ts'
import { CONNECTIONS_KEY } from '../../api/connections.ts'
import { platformName } from '../../ui/platform-name.ts'
import { told } from '../../ui/toasts.tsx'

/** Where a platform sends the browser back to; outside of loopback `OAUTH_CALLBACK_URLS` has to name it. */
export const CALLBACK_PATH = '/console/integrations/callback'
export const callbackUrl = (): string => window.location.origin + CALLBACK_PATH
/** Of the local storage: the login that was begun last in this browser. */
const LOGIN_KEY = 'bidwarden.login'
/** Tells the other windows of the console that a login has ended. */
const CHANNEL = 'bidwarden.logins'
const WINDOW = 'popup,width=620,height=760'

export interface WantedLogin {
  readonly type: string
  /** Connection that is connected again; undefined for a new one. */
  readonly connectorId?: string
  /** Account to read; undefined for the first that the grant reaches, or the one that is read already. */
  readonly accountId?: string
  readonly settings?: Readonly<Record<string, string>>
}

/** A login as it is kept until the browser comes back, so that it is only ended where it was begun. */
export interface BegunLogin {
  readonly state: string
  readonly type: string
  readonly accountId?: string
}

/**
 * Begins a login and shows it in a window of its own. Its data is the address to go to where the browser has blocked that
 * window, and null where it is open.
 */
export function useLogin() {
  return useMutation({
    async mutationFn(wanted: WantedLogin): Promise<string | null> {
      // Opened before anything is waited for: a browser opens a window for a click, and not for an answer.
      const opened = window.open('', '_blank', WINDOW)
      try {
        const address = await begin(wanted)
        if (opened === null) return address
        opened.location.replace(address)
        return null
      } catch (error) {
        opened?.close()
        throw error
      }
    },
  })
}

async function begin({ type, connectorId, accountId, settings = {} }: WantedLogin): Promise<string> {
  const { authorization_url, state } = await dataOf(
    api.POST('/api/v1/connectors/oauth/initiate', {
      body: {
        connector_type: type,
        callback_url: callbackUrl(),
        settings,
        ...(connectorId !== undefined && { connector_id: connectorId }),
      },
    }),
  )
  const begun: BegunLogin = { state, type, ...(accountId !== undefined && { accountId }) }
  localStorage.setItem(LOGIN_KEY, JSON.stringify(begun))
  return authorization_url
}

/** The login with this state, if this browser has begun it; another site could have sent the browser here. */
export function begunLogin(state: string | null): BegunLogin | undefined {
  const text = localStorage.getItem(LOGIN_KEY)
  if (text === null || state === null) return undefined
  const begun: BegunLogin = JSON.parse(text)
  return begun.state === state ? begun : undefined
}

/** Forgets the login, and tells the window that has begun it. */
export function endLogin({ type }: BegunLogin): void {
  localStorage.removeItem(LOGIN_KEY)
  const channel = new BroadcastChannel(CHANNEL)
  channel.postMessage(type)
  channel.close()
}

/** Says so here when a login has ended in its window, and asks for the connections again. */
export function useLoginEnds(): void {
  const queries = useQueryClient()
  useEffect(() => {
    const channel = new BroadcastChannel(CHANNEL)
    channel.onmessage = ({ data }: MessageEvent<string>) => {
      told(`${platformName(data)} is connected`)
      void queries.invalidateQueries({ queryKey: CONNECTIONS_KEY })
    }
    return () => channel.close()
  }, [queries])
}
