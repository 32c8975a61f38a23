import { expect, it } from 'vitest'
import { z } from 'zod'
import './plain-words.ts'

const saidOf = (schema: z.ZodType, value: unknown) => schema.safeParse(value).error?.issues[0]?.message

it.each<[string, z.ZodType, unknown]>([
  ['is missing', z.string(), undefined],
  ['must be a text', z.string(), 5],
  ['must be a number', z.number(), Number.NaN],
  ['must be a whole number', z.int(), 1.5],
  ['must be true or false', z.boolean(), 'yes'],
  ['must be a list', z.array(z.string()), {}],
  ['must be an object', z.object({}), null],
  ['must be at least 3', z.number().min(3), 2],
  ['must be more than 0', z.number().positive(), 0],
  ['must be at most 3', z.number().max(3), 4],
  ['must not be empty', z.array(z.string()).min(1), []],
  ['must have at least 2 characters', z.string().min(2), 'a'],
  ['must have at most 2 entries', z.array(z.string()).max(2), ['a', 'b', 'c']],
  ['must be one of banner, video', z.enum(['banner', 'video']), 'text'],
  ['must be 1', z.literal(1), 2],
  ['must be a time like 2026-11-28T10:00:00Z', z.iso.datetime(), 'yesterday'],
  ['must be a date like 2026-11-28', z.iso.date(), 'yesterday'],
  ['must be a multiple of 5', z.number().multipleOf(5), 3],
  ['names a zone', z.string({ error: 'names a zone' }), 5],
])('says of a value: %s', (words, schema, value) => {
  expect(saidOf(schema, value)).toBe(words)
})
