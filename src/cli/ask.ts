import { at, textAt } from '../json/json-at.ts'
import { CommandError, plain, type Terminal } from './terminal.ts'

/** How long a command waits for one answer, in milliseconds. */
const PATIENCE_MS = 60_000

export interface Question {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly body?: object
}

/** An answer of the service that is an error. */
export class RequestRefused extends CommandError {
  readonly status: number
  /** How long to wait before asking again; undefined where the service does not say so. */
  readonly retryAfterMs: number | undefined

  constructor(message: string, status: number, retryAfterMs: number | undefined) {
    super(message)
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}

/**
 * Asks the service and returns its JSON. Throws {@link RequestRefused} for an error, and {@link CommandError} for an answer
 * that is not JSON or if there is none.
 */
export async function ask(terminal: Terminal, path: string, question: Question = {}): Promise<unknown> {
  const response = await send(terminal, path, question)
  const text = await response.text()
  try {
    return JSON.parse(text)
  } catch {
    throw new CommandError(
      `${terminal.url}${path} did not answer in JSON: is it Bidwarden that listens there?`,
    )
  }
}

/** Asks the service and returns its response unread. */
export async function send(terminal: Terminal, path: string, question: Question = {}): Promise<Response> {
  const { url, apiKey } = terminal
  const { method = 'GET', body } = question
  if (apiKey !== undefined && !isPrivate(url))
    throw new CommandError(`${url} is not https: the API key is not sent where others could read it`)
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(method !== 'GET' && { 'content-type': 'application/json' }),
      ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).catch((error: unknown) => {
    const why = textAt(error, 'cause', 'code') ?? (error instanceof Error ? error.message : String(error))
    throw new CommandError(
      `the service does not answer at ${url} (${why}): start it with "npm start", or set BIDWARDEN_URL to where it listens`,
    )
  })
  if (!response.ok) throw await refusal(response, `${method} ${url}${path}`)
  return response
}

/** Whether an address is safe for a key: HTTPS or this machine. */
const isPrivate = (url: string): boolean =>
  url.startsWith('https://') || /^http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?(\/|$)/.test(url)

async function refusal(response: Response, asked: string): Promise<RequestRefused> {
  const detail = textAt(await response.json().catch(() => undefined), 'detail')
  const help = response.status === 401 ? '; set BIDWARDEN_KEY to an API key of the service' : ''
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  // The detail of a 400 says what the user has to correct; which request was sent would not help.
  const which =
    response.status === 400 && detail !== undefined ? '' : ` (${asked} was answered ${response.status})`
  return new RequestRefused(
    `${plain(detail ?? 'the request was refused')}${help}${which}`,
    response.status,
    seconds >= 0 ? seconds * 1_000 : undefined,
  )
}

/** A member of an answer as text; empty where it is missing. */
export const said = (answer: unknown, ...path: string[]): string => {
  const value = at(answer, ...path)
  return value === undefined || value === null ? '' : plain(String(value))
}
