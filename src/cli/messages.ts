import type { Command } from 'commander'
import { at, listAt } from '../json/json-at.ts'
import { ask, RequestRefused, said } from './ask.ts'
import { askPatiently, noteSent } from './ask-patiently.ts'
import { describeFile, itemsOf } from './json-file.ts'
import {
  type Columns,
  failureOf,
  members,
  printAs,
  queryOf,
  type ShowOptions,
  show,
  tableOf,
} from './show.ts'
import { CommandError, type Terminal } from './terminal.ts'
import { wholeNumber } from './values.ts'
import { watch } from './watch.ts'

const ROOT = '/api/v1/conversions/messages'
const MESSAGES = ['messages', 'message'] as const
/** HTTP statuses of a refusal that concerns one message and would be repeated for it. */
const REFUSED = new Set([400, 422])
/** States of a message that was not sent yet. */
const UNDER_WAY = new Set(['pending', 'sending'])

const RESULTS: Columns = {
  message: (one) => said(one, 'message_id'),
  ...members('status', 'state'),
  why: failureOf,
}
const SHOWN: Columns = {
  message: (one) => said(one, 'message_id'),
  ...members('template', 'state', 'attempts'),
  since: (one) => said(one, 'status_at') || said(one, 'last_attempt_at'),
  why: failureOf,
}

/** Commands about messages of WhatsApp. */
export function addMessages(program: Command, terminal: Terminal): void {
  const messages = program
    .command('messages')
    .description('templates that WhatsApp sends to people, and what became of them')
  addSend(messages, terminal)
  messages
    .command('status')
    .description('what became of a message')
    .argument('<message>', 'its id')
    .option('--watch', 'wait until it was sent; the exit code is 1 where it failed or nobody knows')
    .option('--json', 'print JSON')
    .action(async (id: string, { watch: waits = false, ...options }: ShowOptions & { watch?: boolean }) => {
      const path = `${ROOT}/${encodeURIComponent(id)}`
      if (waits) await sent(terminal, path)
      await show(terminal, options, path, (one) => tableOf(terminal, SHOWN, [one], ''))
    })
  messages
    .command('list')
    .description('messages, the newest first')
    .option('--state <state>', 'only those in this state, as in delivered')
    .option('--limit <number>', 'how many, up to 1000', wholeNumber('--limit'), '20')
    .option('--json', 'print JSON')
    .action(({ state, limit, ...options }: ShowOptions & { state?: string; limit: string }) =>
      show(terminal, options, `${ROOT}${queryOf({ state, limit })}`, (answer) =>
        tableOf(terminal, SHOWN, listAt(answer, 'messages'), 'there are no messages'),
      ),
    )
}

function addSend(messages: Command, terminal: Terminal): void {
  messages
    .command('send')
    .description('send messages, each once by its message_id; the exit code is 1 where one was rejected')
    .argument('<file>', describeFile(MESSAGES))
    .option('--json', 'print JSON')
    .action(async (file: string, options: ShowOptions) => {
      const results: unknown[] = []
      for (const message of await itemsOf(terminal, file, MESSAGES))
        results.push(await resultOf(terminal, message, results.length))
      printAs(terminal, options, { results }, () => tableOf(terminal, RESULTS, results, ''))
      const rejected = results.filter((one) => said(one, 'status') === 'rejected').length
      if (rejected > 0) throw new CommandError(`${rejected} of ${results.length} messages were rejected`)
    })
}

/** The service's answer to a message, also a refusal of this message alone: the others are sent all the same. */
async function resultOf(terminal: Terminal, message: unknown, before: number): Promise<unknown> {
  try {
    const question = { method: 'POST', body: Object(message) } as const
    return await askPatiently(terminal, ROOT, question, `${before} messages`)
  } catch (error) {
    if (!(error instanceof RequestRefused) || !REFUSED.has(error.status)) {
      noteSent(terminal, before, 'messages')
      throw error
    }
    return { message_id: at(message, 'message_id'), status: 'rejected', error_message: error.message }
  }
}

/** Waits until a message is no longer under way. */
async function sent(terminal: Terminal, path: string): Promise<void> {
  await watch(terminal, async () => {
    const answer = await ask(terminal, path)
    const state = said(answer, 'state')
    const why = failureOf(answer)
    const line = `${said(answer, 'message_id')} ${state}${why === '' ? '' : `: ${why}`}`
    if (UNDER_WAY.has(state)) return { line, ended: 'no', answer }
    return { line, ended: state === 'failed' || state === 'unknown' ? 'badly' : 'well', answer }
  })
}
