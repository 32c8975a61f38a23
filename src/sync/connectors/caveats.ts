import { z } from 'zod'
import { messageOf } from '../../errors.ts'
import type { Json, Row } from './read-connector.ts'

/** What is counted by field, and how the sentence about it goes on after the number of values. */
const ABOUT_FIELDS = {
  missing: (values: string) => `${values} missing, null in the rows`,
  unreadable: (values: string) => `${values} not a number that can be read, null in the rows`,
  ambiguous: (values: string) => `${values} written so that it could mean two numbers, null in the rows`,
} as const
type AboutField = keyof typeof ABOUT_FIELDS

interface Counted {
  count: number
  /** As the platform wrote it. */
  example: string
}

/** Fields and reasons that are told apart; one more is counted with the last. A platform decides how many there are. */
const MAX_ENTRIES = 100
const MAX_EXAMPLE_CHARACTERS = 40

/**
 * What is wrong with a result, gathered while it is read, in counts that do not grow with its rows. Remembered with every
 * step of a conversation, so that a crash forgets none of it.
 */
export class Caveats {
  #texts = new Set<string>()
  #fields = new Map<string, Counted>()
  #left = new Map<string, Counted>()
  #undated = new Map<string, number>()
  #undatedRows = 0

  /** A sentence about the whole result, said once. */
  add(text: string): void {
    if (this.#texts.size < MAX_ENTRIES) this.#texts.add(text)
  }

  /** A figure of a row that became null. @param written as the platform wrote it, which may be foreign text */
  field(about: AboutField, field: string, written = ''): void {
    countIn(this.#fields, `${about} ${field}`, written)
  }

  /** A row that is not in the result. @param reason completes "left out because": `it has no campaign_id` */
  leftOut(reason: string, written = ''): void {
    countIn(this.#left, reason, written)
  }

  /** A row whose date is not one: it is in the result with a null date. Its figures are added up for the caveat. */
  undated(row: Row, written: string): void {
    this.#undatedRows += 1
    countIn(this.#fields, 'undated date', written)
    for (const [name, value] of Object.entries(row))
      if (typeof value === 'number' && (this.#undated.has(name) || this.#undated.size < MAX_ENTRIES))
        this.#undated.set(name, (this.#undated.get(name) ?? 0) + value)
  }

  /** Some rows of the platform are not in the result, so what is missing in it may still exist. */
  get isPartial(): boolean {
    return this.#left.size > 0
  }

  get texts(): string[] {
    const fields = [...this.#fields].flatMap(([name, { count, example }]) => {
      const [about = '', field = ''] = name.split(' ', 2)
      const say = isAboutField(about) ? ABOUT_FIELDS[about] : undefined
      return say ? [`${field}: ${say(`${plural(count, 'value')}${suchAs(example)} ${isOrAre(count)}`)}`] : []
    })
    const left = [...this.#left].map(
      ([reason, { count, example }]) =>
        `${plural(count, 'row')} ${isOrAre(count)} left out because ${reason}${suchAs(example)}`,
    )
    return [...this.#texts, ...fields, ...this.#undatedTexts(), ...left]
  }

  #undatedTexts(): string[] {
    const { example } = this.#fields.get('undated date') ?? { example: '' }
    if (this.#undatedRows === 0) return []
    const sums = [...this.#undated].map(([name, sum]) => `${Number(sum.toFixed(6))} ${name}`).join(', ')
    return [
      `${plural(this.#undatedRows, 'row')} of no date${suchAs(example)} ${isOrAre(this.#undatedRows)} in the result with a null date${sums && `: ${sums}`}`,
    ]
  }

  /** For storing with what a conversation remembers, and to go back to before a download that is repeated. */
  get state(): Json {
    return {
      texts: [...this.#texts],
      fields: [...this.#fields].map(([name, { count, example }]) => [name, count, example]),
      left: [...this.#left].map(([name, { count, example }]) => [name, count, example]),
      undated: [...this.#undated],
      undatedRows: this.#undatedRows,
    }
  }

  /** @param state what {@link state} was; anything else is nothing */
  set state(state: Json | undefined) {
    const { texts, fields, left, undated, undatedRows } = asRecord(state)
    this.#texts = new Set(listOf(texts).map(String))
    this.#fields = countsOf(fields)
    this.#left = countsOf(left)
    this.#undated = new Map(listOf(undated).map((one) => [String(listOf(one)[0]), Number(listOf(one)[1])]))
    this.#undatedRows = Number(undatedRows ?? 0)
  }
}

/**
 * Turns records into rows. One that cannot be read is left out with a caveat and costs the others nothing; undefined leaves
 * a record out in silence, as a line of totals.
 */
export function rowsOf(
  caveats: Caveats,
  records: readonly unknown[],
  toRow: (record: unknown) => Row | undefined,
): Row[] {
  const rows: Row[] = []
  for (const record of records) {
    try {
      const row = toRow(record)
      if (row) rows.push(row)
    } catch (error) {
      caveats.leftOut(reasonOf(error))
    }
  }
  return rows
}

/** Why an answer could not be read, in one line: of several things the first, and where it stands. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof z.ZodError)) return messageOf(error)
  const [issue] = error.issues
  return issue ? `${issue.path.join('.') || 'the answer'}: ${issue.message}` : 'the answer has another form'
}

function countIn(counts: Map<string, Counted>, name: string, written: string): void {
  const known = counts.get(name)
  if (known) known.count += 1
  else if (counts.size < MAX_ENTRIES)
    counts.set(name, { count: 1, example: written.slice(0, MAX_EXAMPLE_CHARACTERS) })
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
const isOrAre = (count: number): string => (count === 1 ? 'is' : 'are')
const suchAs = (example: string): string => (example === '' ? '' : ` (such as ${JSON.stringify(example)})`)

const isAboutField = (name: string): name is AboutField => Object.hasOwn(ABOUT_FIELDS, name)
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const asRecord = (value: unknown): Record<string, unknown> =>
  value !== null && typeof value === 'object' ? Object.fromEntries(Object.entries(value)) : {}
const countsOf = (value: unknown): Map<string, Counted> =>
  new Map(
    listOf(value).map((one) => {
      const [name, count, example] = listOf(one)
      return [String(name), { count: Number(count), example: String(example) }]
    }),
  )
