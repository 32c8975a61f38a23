/**
 * Functions that each read one value of untrusted JSON. `null` counts as absent, as most exchanges mean it, and `[]` for an
 * object as an empty one. A value of the wrong type throws {@link WrongField}, which the parser of the whole request catches.
 */

/**
 * Thrown for a field of the wrong type, and for a required field that is missing. It is not an Error because collecting
 * a stack trace would cost time on each bad request.
 */
export class WrongField {
  readonly field: string

  constructor(field: string) {
    this.field = field
  }
}

/** A JSON object with the field names of a type of the specification; nothing is known about the values. */
export type Wire<T> = { readonly [K in keyof T]?: unknown }

export const NOTHING: readonly never[] = []

export function object<T>(value: unknown, field: string): Wire<T> | undefined {
  if (value === undefined || value === null) return undefined
  // What PHP makes of an object without members.
  if (Array.isArray(value) && value.length === 0) return {}
  if (typeof value !== 'object' || Array.isArray(value)) throw new WrongField(field)
  return value as Wire<T>
}

/** Returns what `read` returns, or `otherwise` when it throws {@link WrongField}. */
export function orElse<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch (thrown) {
    if (thrown instanceof WrongField) return otherwise
    throw thrown
  }
}

export function list(value: unknown, field: string): readonly unknown[] {
  if (value === undefined || value === null) return NOTHING
  if (!Array.isArray(value)) throw new WrongField(field)
  return value
}

export function text(value: unknown, field: string): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw new WrongField(field)
  return value
}

/** Reads a text that some exchanges send as a number. One with more digits than a number keeps is another text. */
export const textOrNumber = (value: unknown, field: string): string | undefined =>
  Number.isSafeInteger(value) ? String(value) : text(value, field)

/** Reads a text that has to be present and not empty. */
export function requiredText(value: unknown, field: string): string {
  if (typeof value !== 'string' || value === '') throw new WrongField(field)
  return value
}

/** JSON allows `1e999`, which parses to Infinity; it is not accepted as a number. */
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

export function number(value: unknown, field: string): number | undefined {
  if (value === undefined || value === null) return undefined
  if (!isNumber(value)) throw new WrongField(field)
  return value
}

/**
 * Reads a size, a length or a code that starts at 1. Some exchanges write 0 or -1 for an absent value, so both are
 * read as absent.
 */
export function above0(value: unknown, field: string): number | undefined {
  const read = number(value, field)
  return read !== undefined && read > 0 ? read : undefined
}

export function numberWithin(value: unknown, min: number, max: number, field: string): number | undefined {
  const read = number(value, field)
  if (read !== undefined && !(read >= min && read <= max)) throw new WrongField(field)
  return read
}

/** Reads a small number that some exchanges send as a text or, where it is a flag, as a boolean. */
export function code(value: unknown, field: string): number | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value !== 'string') return number(value, field)
  const written = value.trim().toLowerCase()
  if (written === '') return undefined
  if (written === 'true' || written === 'false') return written === 'true' ? 1 : 0
  if (!/^\d{1,3}$/.test(written)) throw new WrongField(field)
  return Number(written)
}

/** Reads a flag: true for 1. 0 and every other number, which would be an enum value unknown to us, are false. */
export const flag = (value: unknown, field: string): boolean => code(value, field) === 1

export function texts(value: unknown, field: string): readonly string[] {
  const values = list(value, field)
  for (let i = 0; i < values.length; i++) if (typeof values[i] !== 'string') throw new WrongField(field)
  return values as readonly string[]
}

/** Media types in lower case: they are the same in either (RFC 2045, 5.1). */
export const mediaTypes = (value: unknown, field: string): readonly string[] =>
  texts(value, field).map((type) => type.toLowerCase())

export function numbers(value: unknown, field: string): readonly number[] {
  const values = list(value, field)
  for (let i = 0; i < values.length; i++) if (!isNumber(values[i])) throw new WrongField(field)
  return values as readonly number[]
}
