import { mistypedClientNames } from './names.ts'

/** Address and API key with which commands call the service. */
export interface ClientConfig {
  /** Without a trailing slash. */
  readonly url: string
  readonly apiKey: string | undefined
}

/** The variables that {@link clientConfig} reads. */
const CLIENT_NAMES: readonly string[] = ['BIDWARDEN_URL', 'BIDWARDEN_KEY', 'PUBLIC_URL', 'HOST', 'PORT']

/**
 * The part of the environment that commands need. It is separate from `config.ts`, so that a command that only calls the
 * service need not load all of it.
 */
export function clientConfig(env: NodeJS.ProcessEnv = process.env): ClientConfig {
  const { BIDWARDEN_URL, PUBLIC_URL, HOST, PORT, BIDWARDEN_KEY } = env
  const url = BIDWARDEN_URL || PUBLIC_URL || `http://${HOST || '127.0.0.1'}:${PORT || '8003'}`
  return { url: url.replace(/(?<!\/)\/+$/, ''), apiKey: BIDWARDEN_KEY || undefined }
}

/** One line for each variable that looks like a mistyped one of these. */
export const mistypedOfClient = (env: NodeJS.ProcessEnv = process.env): string[] =>
  mistypedClientNames(env, CLIENT_NAMES)
