import { z } from 'zod'
import { messageOf } from '../../errors.ts'
import type { Json, Row } from './rows.ts'
import '../../json/plain-words.ts'

/** Problems counted by field, with the rest of their sentence after the number of values. */
const ABOUT_FIELDS = {
  missing: (values: string) => `${values} missing, null in the rows`,
  unreadable: (values: string) => `${values} not a number that can be read, null in the rows`,
  in_error: (values: string) =>
    `${values} an error that the sheet shows in place of a value, null in the rows`,
  ambiguous: (values: string) => `${values} written so that it could mean two numbers, null in the rows`,
} as const
type AboutField = keyof typeof ABOUT_FIELDS

interface CountedProblem {
  count: number
  /** One value, as the platform wrote it. */
  example: string
}

/**
 * Most sentences, and most pairs of field and reason, that are kept; further ones are dropped. Without a limit, the
 * platform would decide how many there are.
 */
const MAX_ENTRIES = 100
const MAX_EXAMPLE_CHARACTERS = 40

/**
 * Counts what is wrong with a result while it is read. The counts do not grow with the rows. They are stored with every
 * step of a conversation, so a crash loses none.
 */
export class Caveats {
  #texts = new Set<string>()
  #fields = new Map<string, CountedProblem>()
  #left = new Map<string, CountedProblem>()
  #undated = new Map<string, number>()
  #undatedRows = 0
  #replacedRows = 0
  #isCutOff = false
  #isDoubtful = false

  /** Adds a sentence about the whole result; a repeated one is added once. */
  add(text: string): void {
    if (this.#texts.size < MAX_ENTRIES) this.#texts.add(text)
  }

  /**
   * Notes that the reading ended early.
   * @param text sentence that says why
   */
  cutOff(text: string): void {
    this.#isCutOff = true
    this.add(text)
  }

  /**
   * Notes that rows missing in the result may still exist at the platform.
   * @param text sentence that says why
   */
  doubt(text: string): void {
    this.#isDoubtful = true
    this.add(text)
  }

  get isDoubtful(): boolean {
    return this.#isDoubtful
  }

  /**
   * Counts a figure that became null.
   * @param written as the platform wrote it; may be any text
   */
  field(about: AboutField, field: string, written = ''): void {
    countIn(this.#fields, `${about} ${field}`, written)
  }

  /**
   * Counts a row left out of the result.
   * @param reason completes the sentence "left out because": `it has no campaign_id`
   */
  leftOut(reason: string, written = ''): void {
    countIn(this.#left, reason, written)
  }

  /**
   * Counts a row that belongs to none of the dates asked for, such as one of several days. It is in the result with a
   * null date; the caveat gives the sums of its figures.
   * @param notAdded figures whose sum means nothing, such as people who may be in several rows
   */
  undated(row: Row, written: string, notAdded: readonly string[] = []): void {
    this.#undatedRows += 1
    countIn(this.#fields, 'undated date', written)
    for (const [name, value] of Object.entries(row))
      if (
        typeof value === 'number' &&
        !notAdded.includes(name) &&
        (this.#undated.has(name) || this.#undated.size < MAX_ENTRIES)
      )
        this.#undated.set(name, (this.#undated.get(name) ?? 0) + value)
  }

  /** Counts rows that were replaced by a later row with the same key and other figures. */
  replaced(rows: number): void {
    this.#replacedRows += rows
  }

  /** Whether some rows could not be read. */
  get hasLeftOut(): boolean {
    return this.#left.size > 0
  }

  /** Whether some rows of the platform are not in the result, so that missing rows may still exist. */
  get isPartial(): boolean {
    return this.hasLeftOut || this.#isCutOff
  }

  get texts(): string[] {
    const fields = [...this.#fields].flatMap(([name, { count, example }]) => {
      // A field may have blanks in its name, as headings of a sheet do.
      const [about = '', ...words] = name.split(' ')
      const field = words.join(' ')
      const say = isAboutField(about) ? ABOUT_FIELDS[about] : undefined
      return say ? [`${field}: ${say(`${plural(count, 'value')}${suchAs(example)} ${isOrAre(count)}`)}`] : []
    })
    const left = [...this.#left].map(
      ([reason, { count, example }]) =>
        `${plural(count, 'row')} ${isOrAre(count)} left out because ${reason}${suchAs(example)}`,
    )
    return [...this.#texts, ...fields, ...this.#undatedTexts(), ...this.#replacedTexts(), ...left]
  }

  #replacedTexts(): string[] {
    const rows = this.#replacedRows
    if (rows === 0) return []
    return [
      `${plural(rows, 'row')} ${isOrAre(rows)} not in the result: what names ${rows === 1 ? 'it' : 'each'} came again with other figures, and the last of them count`,
    ]
  }

  #undatedTexts(): string[] {
    const { example } = this.#fields.get('undated date') ?? { example: '' }
    if (this.#undatedRows === 0) return []
    const sums = [...this.#undated].map(([name, sum]) => `${Number(sum.toFixed(6))} ${name}`).join(', ')
    return [
      `${plural(this.#undatedRows, 'row')} of no date that was asked for${suchAs(example)} ${isOrAre(this.#undatedRows)} in the result with a null date${sums && `: ${sums}`}`,
    ]
  }

  /** The counts as JSON: stored with what a conversation remembers, and restored before a download is repeated. */
  get state(): Json {
    return {
      texts: [...this.#texts],
      fields: [...this.#fields].map(([name, { count, example }]) => [name, count, example]),
      left: [...this.#left].map(([name, { count, example }]) => [name, count, example]),
      undated: [...this.#undated],
      undatedRows: this.#undatedRows,
      replacedRows: this.#replacedRows,
      isCutOff: this.#isCutOff,
      isDoubtful: this.#isDoubtful,
    }
  }

  /** @param state an earlier value of {@link state}; anything else resets the counts */
  set state(state: Json | undefined) {
    const { texts, fields, left, undated, undatedRows, replacedRows, isCutOff, isDoubtful } = asRecord(state)
    this.#texts = new Set(listOf(texts).map(String))
    this.#fields = countsOf(fields)
    this.#left = countsOf(left)
    this.#undated = new Map(listOf(undated).map((one) => [String(listOf(one)[0]), Number(listOf(one)[1])]))
    this.#undatedRows = Number(undatedRows ?? 0)
    this.#replacedRows = Number(replacedRows ?? 0)
    this.#isCutOff = isCutOff === true
    this.#isDoubtful = isDoubtful === true
  }
}

/**
 * Turns records into rows. A record that cannot be read is left out with a caveat. Where `toRow` returns undefined (a
 * line of totals), the record is left out without one.
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

/** One line that says why an answer could not be read: the first problem and its position. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof z.ZodError)) return messageOf(error)
  const [issue] = error.issues
  return issue ? `${issue.path.join('.') || 'the answer'}: ${issue.message}` : 'the answer has another form'
}

function countIn(counts: Map<string, CountedProblem>, name: string, written: string): void {
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
const countsOf = (value: unknown): Map<string, CountedProblem> =>
  new Map(
    listOf(value).map((one) => {
      const [name, count, example] = listOf(one)
      return [String(name), { count: Number(count), example: String(example) }]
    }),
  )
