/**
 * Reads one value of untrusted JSON. `null` counts as absent, as most exchanges mean it. A value of the wrong type
 * throws {@link WrongField}, which only the parser of the whole request catches.
 */

/** A field of the wrong type, or a required one that is missing. Not an Error: nobody reads a stack of it. */
export class WrongField {
  readonly field: string

  constructor(field: string) {
    this.field = field
  }
}

/** An object of the wire with the field names of its type in the specification, and nothing known of the values. */
export type Wire<T> = { readonly [K in keyof T]?: unknown }

export const NOTHING: readonly never[] = []

export function object<T>(value: unknown, field: string): Wire<T> | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'object' || Array.isArray(value)) throw new WrongField(field)
  return value as Wire<T>
}

/** What `read` reads; `otherwise` where a field has the wrong type. */
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

/** A text, also where it was sent as a number. */
export const textOrNumber = (value: unknown, field: string): string | undefined =>
  isNumber(value) ? String(value) : text(value, field)

/** A text that must be there and must not be empty. */
export function requiredText(value: unknown, field: string): string {
  if (typeof value !== 'string' || value === '') throw new WrongField(field)
  return value
}

/** `1e999` is JSON too, and parses to Infinity; it is no number anyone means. */
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

export function number(value: unknown, field: string): number | undefined {
  if (value === undefined || value === null) return undefined
  if (!isNumber(value)) throw new WrongField(field)
  return value
}

export function numberWithin(value: unknown, min: number, max: number, field: string): number | undefined {
  const read = number(value, field)
  if (read !== undefined && !(read >= min && read <= max)) throw new WrongField(field)
  return read
}

/** A flag of the specification: 0 or 1. Any other number is an enum value we do not know, and counts as 0. */
export const flag = (value: unknown, field: string): boolean => number(value, field) === 1

export function texts(value: unknown, field: string): readonly string[] {
  const values = list(value, field)
  for (let i = 0; i < values.length; i++) if (typeof values[i] !== 'string') throw new WrongField(field)
  return values as readonly string[]
}

export function numbers(value: unknown, field: string): readonly number[] {
  const values = list(value, field)
  for (let i = 0; i < values.length; i++) if (!isNumber(values[i])) throw new WrongField(field)
  return values as readonly number[]
}
