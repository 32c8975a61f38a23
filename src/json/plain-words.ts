import { z } from 'zod'

/** How the kinds of values are called to a reader; others keep the words of zod. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  tuple: 'a list',
}

/** What the formats look like. */
const FORMATS: Readonly<Record<string, string>> = {
  datetime: 'a time like 2026-11-28T10:00:00Z',
  date: 'a date like 2026-11-28',
  url: 'an address like https://host.example/path',
  email: 'an e-mail address',
  uuid: 'a UUID',
}

const UNITS: Readonly<Record<string, string>> = { string: 'characters', array: 'entries', set: 'entries' }

/**
 * Says what is wrong with a value, to be read behind the name of its field ("range: is missing"). Undefined: zod's own words.
 * A schema that has words of its own keeps them.
 */
function plainWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      if (issue.input === undefined) return 'is missing'
      const kind = KINDS[issue.expected]
      return kind && `must be ${kind}`
    }
    case 'too_small':
      return bound('least', issue.inclusive === false ? 'more than' : 'at least', issue)
    case 'too_big':
      return bound('most', issue.inclusive === false ? 'less than' : 'at most', issue)
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`
    case 'invalid_format': {
      const form = FORMATS[issue.format]
      return form && `must be ${form}`
    }
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    default:
      return undefined
  }
}

function bound(
  end: 'least' | 'most',
  words: string,
  issue: z.core.$ZodRawIssue<z.core.$ZodIssueTooSmall> | z.core.$ZodRawIssue<z.core.$ZodIssueTooBig>,
): string {
  const count = issue.code === 'too_small' ? issue.minimum : issue.maximum
  const unit = UNITS[issue.origin]
  if (unit === undefined) return `must be ${words} ${count}`
  return end === 'least' && Number(count) === 1 ? 'must not be empty' : `must have ${words} ${count} ${unit}`
}

z.config({ customError: plainWords })
