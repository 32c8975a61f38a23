import { parseJson } from '../../json/json.ts'
import type { Logger } from '../../log.ts'
import { reach, redisClient } from '../../shield/index.ts'
import type { Entry, KeptText, Records, Recovered } from '../../storage/index.ts'
import { type Cancel, type Clock, every } from '../../time/clock.ts'
import { kept } from '../kept.ts'
import { SharedTexts, type TextChanges } from '../shared-texts.ts'
import { Approval } from './approval.ts'

export interface ApprovalChanges {
  readonly now: readonly Approval[]
  readonly gone: readonly string[]
}

/** Keeps approvals. What cannot be kept rejects with 503 `records_unavailable`. */
export interface ApprovalStore {
  /** Whether other processes change them too. */
  readonly isShared: boolean
  /** Keeps a new approval. Returns the entries that the caller has to write, together with its own, so that it lasts. */
  add(approval: Approval): Promise<readonly Entry[]>
  /** Takes back an approval that was just added, because the caller's own entries could not be written. Never rejects. */
  withdraw(approval: Approval): Promise<void>
  /** Keeps a change, durably. Resolves to false, and keeps nothing, where another process has changed it. */
  change(next: Approval, before: Approval): Promise<boolean>
  forget(id: string): Promise<void>
  /** Reads what other processes have changed. */
  refresh(): Promise<void>
  /** Calls `onChange` with all approvals before it resolves, and then with what other processes change. */
  watch(onChange: (changes: ApprovalChanges) => void): Promise<void>
  close(): void
}

const NOT_KEPT = 'Approvals cannot be kept now'

const textOf = (approval: Approval): string => JSON.stringify(Approval.parse(approval))
const entryOf = (approval: Approval): Entry => ({
  put: 'approval',
  id: approval.id,
  text: textOf(approval),
})

/** Approvals in the records of this process; where those end with the process, the approvals do too. */
export function recordedApprovals(
  records: Records,
  { approvals }: Pick<Recovered, 'approvals'>,
  log: Logger,
): ApprovalStore {
  const append = async (entry: Entry): Promise<void> => {
    if (records.lasts) await kept(NOT_KEPT, () => records.append([entry]))
  }
  return {
    isShared: false,
    add: async (approval) => (records.lasts ? [entryOf(approval)] : []),
    // A write that failed is repeated later, in order. This one comes after it then.
    withdraw: ({ id }) => append({ put: 'no_approval', id }).catch(() => {}),
    change: (next) => append(entryOf(next)).then(() => true),
    forget: (id) => append({ put: 'no_approval', id }),
    refresh: async () => {},
    watch: async (onChange) => onChange(readable({ now: approvals, gone: [] }, log)),
    close: () => {},
  }
}

const SHARED = 'bidwarden:approvals'
/** How often Redis is asked whether another process has changed an approval, in milliseconds. */
const LOOK_MS = 1_000

/** Approvals in Redis, shared by all processes. Rejects when Redis cannot be reached. */
export async function openSharedApprovals(url: string, clock: Clock, log: Logger): Promise<ApprovalStore> {
  const client = redisClient(url)
  await reach(() => client.connect())
  const shared = new SharedTexts(client, SHARED)
  let stop: Cancel = () => {}
  let looking: Promise<void> | undefined
  let onChange: (changes: ApprovalChanges) => void = () => {}
  const lookNow = async () => {
    const changes = await shared.changes()
    if (changes) onChange(readable(changes, log))
  }
  const look = () => {
    looking ??= lookNow().finally(() => {
      looking = undefined
    })
    return looking
  }
  const put = (next: Approval, before: Approval | undefined) =>
    kept(NOT_KEPT, () => shared.put({ id: next.id, text: textOf(next) }, before && textOf(before)))
  return {
    isShared: true,
    add: async (approval) => {
      await put(approval, undefined)
      return []
    },
    withdraw: ({ id }) => shared.forget(id).catch(() => {}),
    change: put,
    forget: (id) => kept(NOT_KEPT, () => shared.forget(id)),
    async refresh() {
      // A look under way may have read Redis before the change that the caller has to see.
      await looking?.catch(() => {})
      await kept(NOT_KEPT, look)
    },
    async watch(told) {
      onChange = told
      await look()
      // While Redis is away, the approvals that are known are listed; none can be given.
      stop = every(clock, LOOK_MS, () => void look().catch(() => {}))
    },
    close() {
      stop()
      client.disconnect()
    },
  }
}

/** The approvals that this version can read. Any other counts as gone: this version cannot tell what it would do. */
function readable({ now, gone }: TextChanges, log: Logger): ApprovalChanges {
  const read: Approval[] = []
  const unreadable: string[] = []
  for (const { id, text } of now) {
    const approval = approvalIn(text)
    if (approval) read.push(approval)
    else {
      log.warn({ approval: id }, 'an approval cannot be read and counts for nothing')
      unreadable.push(id)
    }
  }
  return { now: read, gone: [...gone, ...unreadable] }
}

function approvalIn(text: KeptText['text']): Approval | undefined {
  try {
    return Approval.safeParse(parseJson(text)).data
  } catch {
    return undefined
  }
}
