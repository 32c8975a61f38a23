import type { Command } from 'commander'
import { listAt } from '../json/json-at.ts'
import { ask, said } from './ask.ts'
import { type Columns, members, printAs, queryOf, type ShowOptions, show, tableOf } from './show.ts'
import { CommandError, type Terminal } from './terminal.ts'
import { wholeNumber } from './values.ts'

const ROOT = '/v1/notifications'

const NOTIFICATIONS: Columns = {
  ...members('id', 'at', 'type', 'subject', 'status', 'attempts'),
  'next try': (one) => said(one, 'nextAttemptAt'),
  why: (one) => said(one, 'error'),
}

/** Commands about notifications, which are sent to `NOTIFY_URL`. */
export function addNotifications(program: Command, terminal: Terminal): void {
  const notifications = program
    .command('notifications')
    .description('what NOTIFY_URL was told, and what it has not taken')
  notifications
    .command('list')
    .description('notifications, the newest first')
    .option('--status <status>', 'only waiting, delivered or dead ones')
    .option('--limit <number>', 'how many, up to 1000', wholeNumber('--limit'), '20')
    .option('--json', 'print JSON')
    .action((options: ShowOptions & { status?: string; limit: string }) => {
      const { status, limit } = options
      return show(terminal, options, `${ROOT}${queryOf({ status, limit })}`, (answer) =>
        tableOf(terminal, NOTIFICATIONS, listAt(answer, 'notifications'), 'nobody was told of anything yet'),
      )
    })
  notifications
    .command('replay')
    .description('send notifications again, under their own ids')
    .argument('[ids...]', 'notifications')
    .option('--dead', 'all that were given up')
    .option('--json', 'print JSON')
    .action(async (named: string[], { dead = false, ...options }: ShowOptions & { dead?: boolean }) => {
      if (named.length === 0 && !dead) throw new CommandError('name notifications, or say --dead')
      const ids = dead ? [...named, ...(await deadOnes(terminal))] : named
      const answers: unknown[] = []
      for (const id of ids)
        answers.push(await ask(terminal, `${ROOT}/${encodeURIComponent(id)}/replay`, { method: 'POST' }))
      printAs(terminal, options, { notifications: answers }, () =>
        tableOf(terminal, NOTIFICATIONS, answers, 'none was given up'),
      )
    })
}

/** Ids of the notifications that were given up, up to 1000. */
async function deadOnes(terminal: Terminal): Promise<string[]> {
  const answer = await ask(terminal, `${ROOT}${queryOf({ status: 'dead', limit: '1000' })}`)
  return listAt(answer, 'notifications').map((one) => said(one, 'id'))
}
