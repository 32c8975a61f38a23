import { ask, type Question, said } from './ask.ts'
import { tableLines } from './table.ts'
import type { Terminal } from './terminal.ts'

/** Options of every command that shows something. */
export interface ShowOptions {
  readonly json?: boolean
}

export type Columns = Readonly<Record<string, (item: unknown) => string>>

/** A column for each of these members of an item. */
export const members = (...names: string[]): Columns =>
  Object.fromEntries(names.map((name) => [name, (item: unknown) => said(item, name)]))

/** Asks the service and prints the answer: as JSON, or as `lines` says. */
export async function show(
  terminal: Terminal,
  options: ShowOptions,
  path: string,
  lines: (answer: unknown) => readonly string[],
  question: Question = {},
): Promise<void> {
  const answer = await ask(terminal, path, question)
  printAs(terminal, options, answer, () => lines(answer))
}

/** Prints an answer: as JSON, or as `lines` says. */
export function printAs(
  { print }: Terminal,
  { json = false }: ShowOptions,
  answer: unknown,
  lines: () => readonly string[],
): void {
  for (const line of json ? [jsonText(answer)] : lines()) print(line)
}

export const jsonText = (answer: unknown): string => JSON.stringify(answer, undefined, 2)

/** Why something was not sent: the code and the message, as far as there are any. */
export const failureOf = (one: unknown): string =>
  [said(one, 'code'), said(one, 'error_message')].filter((text) => text !== '').join(': ')

/** A table of items, or `none` if there are no items. */
export const tableOf = (
  { width }: Terminal,
  columns: Columns,
  items: readonly unknown[],
  none: string,
): string[] =>
  items.length === 0
    ? [none]
    : tableLines(
        Object.keys(columns),
        items.map((item) => Object.values(columns).map((cell) => cell(item))),
        width,
      )

/** The parameters that are set as a query, from its question mark on; empty if none is set. */
export function queryOf(parameters: Readonly<Record<string, string | undefined>>): string {
  const set = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as [string, string]],
  )
  return set.length === 0 ? '' : `?${new URLSearchParams(set)}`
}

/** The fields that are set, for the body of a request. */
export const defined = (fields: Readonly<Record<string, string | undefined>>): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
