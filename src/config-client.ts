/** Where commands reach the service, and the key they show. */
export interface ClientConfig {
  /** Without a slash at its end. */
  readonly url: string
  readonly apiKey: string | undefined
}

/**
 * What commands need of the environment. Apart from `config.ts`, since a command that only asks the service should not load
 * all of it first.
 */
export function clientConfig(env: NodeJS.ProcessEnv = process.env): ClientConfig {
  const { BIDWARDEN_URL, PUBLIC_URL, HOST, PORT, BIDWARDEN_KEY } = env
  const url = BIDWARDEN_URL || PUBLIC_URL || `http://${HOST || '127.0.0.1'}:${PORT || '8003'}`
  return { url: url.replace(/\/+$/, ''), apiKey: BIDWARDEN_KEY || undefined }
}
