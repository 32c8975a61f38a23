import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger }

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Members that may carry a secret, wherever an object with them is logged. */
const SECRETS = [
  'authorization',
  'accessToken',
  'refreshToken',
  'clientSecret',
  'apiKey',
  'token',
  'secret',
  'password',
]

/** One JSON line per event on standard output, or on `destination`. Secrets are cut out by name. */
export function createLog(level: LogLevel, destination?: DestinationStream): Logger {
  const paths = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])
  return pino(
    { level, base: null, redact: { paths, censor: '[secret]' } },
    destination ?? pino.destination({ sync: false }),
  )
}
