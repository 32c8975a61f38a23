import { isObject, type JsonObject } from '../protocol.ts'
import { refuseJson } from './errors.ts'

/** A protobuf field type, as its JSON mapping needs it. */
export type Type =
  | { readonly is: 'string' | 'int64' | 'double' | 'bool' }
  | { readonly is: 'enum'; readonly values: readonly string[] }
  | { readonly is: 'message'; readonly fields: FieldTypes }
  | { readonly is: 'list'; readonly of: Type }

export interface Field {
  readonly type: Type
  /** Only Google writes it. */
  readonly output?: true
}
export type FieldTypes = Readonly<Record<string, Field>>

export const string: Field = { type: { is: 'string' } }
export const int64: Field = { type: { is: 'int64' } }
export const double: Field = { type: { is: 'double' } }
export const bool: Field = { type: { is: 'bool' } }
export const oneOf = (...values: string[]): Field => ({ type: { is: 'enum', values } })
export const message = (fields: FieldTypes): Field => ({ type: { is: 'message', fields } })
export const listOf = ({ type }: Field): Field => ({ type: { is: 'list', of: type } })
export const output = (field: Field): Field => ({ ...field, output: true })

/**
 * Refuses what does not fit the type, with the messages of Google's JSON parser. An int64 must be a string: Google takes
 * a number as well, but it may lose digits, so the sandbox refuses it.
 */
export function checkJson(type: Type, value: unknown, at: string): void {
  if (type.is === 'message') checkMessage(type.fields, value, at)
  else if (type.is === 'list') checkList(type.of, value, at)
  else if (!fits(type, value)) refuseJson(at, invalid(at, type.is, value))
}

function checkList(of: Type, value: unknown, at: string): void {
  if (!Array.isArray(value)) {
    refuseJson(at, invalid(at, 'repeated', value))
  } else {
    for (const [index, item] of value.entries()) checkJson(of, item, `${at}[${index}]`)
  }
}

function checkMessage(fields: FieldTypes, value: unknown, at: string): void {
  if (!isObject(value)) {
    refuseJson(at, invalid(at, 'message', value))
  } else {
    for (const [name, inner] of Object.entries(value)) checkNamed(fields, name, inner, at)
  }
}

function checkNamed(fields: FieldTypes, name: string, value: unknown, at: string): void {
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (field === undefined) {
    refuseJson(at, `Invalid JSON payload received. Unknown name "${name}" at '${at}': Cannot find field.`)
  } else {
    checkJson(field.type, value, at === '' ? name : `${at}.${name}`)
  }
}

const invalid = (at: string, type: string, value: unknown): string =>
  `Invalid value at '${at}' (TYPE_${type.toUpperCase()}), ${JSON.stringify(value)?.slice(0, 100)}`

type Scalar = Exclude<Type, { is: 'message' | 'list' }>

function fits(type: Scalar, value: unknown): boolean {
  switch (type.is) {
    case 'string':
      return typeof value === 'string'
    case 'int64':
      return typeof value === 'string' && /^-?\d{1,19}$/.test(value)
    case 'double':
      return typeof value === 'number'
    case 'bool':
      return typeof value === 'boolean'
    case 'enum':
      return typeof value === 'string' && type.values.includes(value)
  }
}

/** The field at a path of camelCase names, or undefined. */
export function fieldAt(fields: FieldTypes, [name = '', ...rest]: readonly string[]): Field | undefined {
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (field === undefined || rest.length === 0) return field
  return field.type.is === 'message' ? fieldAt(field.type.fields, rest) : undefined
}

export const camel = (name: string): string =>
  name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
export const snake = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

export function valueAt(entity: JsonObject, path: readonly string[]): unknown {
  return path.reduce<unknown>((here, name) => (isObject(here) ? here[name] : undefined), entity)
}

/** A copy with the value at the path; undefined removes the field. */
export function withValue(
  entity: JsonObject,
  [name = '', ...rest]: readonly string[],
  value: unknown,
): JsonObject {
  const inner = entity[name]
  const next = rest.length === 0 ? value : withValue(isObject(inner) ? inner : {}, rest, value)
  const { [name]: _, ...others } = entity
  return next === undefined ? others : { ...others, [name]: next }
}
