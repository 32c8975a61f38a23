import { UsageError } from './terminal.ts'

/** Reads the value of an option that is a number of things; throws {@link UsageError} for anything else. */
export const wholeNumber =
  (option: string) =>
  (text: string): string => {
    if (/^\d{1,15}$/.test(text)) return text
    throw new UsageError(`${option} must be a whole number`)
  }

/** Reads the value of an option that is a time with its zone; throws {@link UsageError} for anything else. */

export const moment =
  (option: string) =>
  (text: string): string => {
    if (/^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(text) && !Number.isNaN(Date.parse(text)))
      return text
    throw new UsageError(`${option} must be a time with its zone, as in 2026-11-01T00:00:00Z`)
  }
