import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger }

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Names of members that are removed from log lines because they hold secrets. */
const SECRETS = [
  'authorization',
  'accessToken',
  'refreshToken',
  'clientSecret',
  'apiKey',
  'appSecret',
  'password',
]

/** Lines are written together after so many bytes, or so many milliseconds after the first. */
const BUFFER_BYTES = 8192
const FLUSH_MS = 100

/** One JSON line per event on standard output, or on `destination`. Secrets are removed by name. */
export function createLog(level: LogLevel, destination?: DestinationStream): Logger {
  const stdout = () => pino.destination({ sync: false, minLength: BUFFER_BYTES, periodicFlush: FLUSH_MS })
  return pino({ level, base: null, redact: { paths: SECRETS, censor: '[secret]' } }, destination ?? stdout())
}
