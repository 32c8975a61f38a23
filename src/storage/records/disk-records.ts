import { messageOf } from '../../errors.ts'
import type { Clock } from '../../time/clock.ts'
import { DiskThread, GroupCommit } from '../disk/index.ts'
import {
  type ChangesPage,
  type ChangesQuery,
  type Entry,
  type Payment,
  type Records,
  type RecordsState,
  RecordsUnavailable,
  type Recovered,
  type SpentPage,
} from './records.ts'
import type { OpenRecords, RecordsAnswer, RecordsQuestion, RecordsRetention } from './records-file.ts'

export interface RecordsTraffic {
  readonly opened: undefined
  readonly batch: readonly Entry[]
  readonly question: RecordsQuestion
  readonly answer: RecordsAnswer
}

export interface DiskRecordsOptions {
  /** The directory of the records; created if missing. */
  readonly directory: string
  readonly clock: Clock
  readonly keep: RecordsRetention
  /** Called after each commit with its duration in milliseconds. */
  readonly onWritten?: (tookMs: number) => void
}

const OPEN: RecordsState = { is: 'open' }

/** Records in `DATA_DIR/records.db`, written by a thread. Entries that come during one write share the next. */
export class DiskRecords implements Records {
  readonly lasts = true
  readonly #options: DiskRecordsOptions
  readonly #commits: GroupCommit<Entry>
  #thread: DiskThread<RecordsTraffic>
  /** Set while a new thread replaces one whose file cannot be used. */
  #reopening: Promise<void> | undefined

  /**
   * Opens the records of a directory for this process alone. After a disk error, or the end of the thread, they are
   * reopened until they can be used again.
   *
   * @throws DiskError if they are in use, damaged or not writable; existing records are never replaced by empty ones
   */
  static async open(options: DiskRecordsOptions): Promise<DiskRecords> {
    const records = new DiskRecords(options)
    try {
      await records.#thread.opened
      return records
    } catch (error) {
      await records.close()
      throw error
    }
  }

  private constructor(options: DiskRecordsOptions) {
    const { clock, onWritten } = options
    this.#options = options
    const timed = {
      write: async (entries: readonly Entry[]) => {
        const startedMs = clock.elapsedMs()
        const outcome = await this.#thread.write(entries)
        onWritten?.(clock.elapsedMs() - startedMs)
        return outcome
      },
      close: async () => {
        await this.#reopening?.catch(() => undefined)
        await this.#thread.close()
      },
    }
    this.#commits = new GroupCommit(timed, {
      clock,
      refusal: (detail) => new RecordsUnavailable(detail),
      reopen: () => (this.#reopening = this.#reopen()),
    })
    this.#thread = this.#start(false)
  }

  #start(isReopened: boolean): DiskThread<RecordsTraffic> {
    const { directory, clock, keep } = this.#options
    const how: OpenRecords = { directory, atMs: Math.floor(clock.nowMs()), keep, isReopened }
    const program = new URL('./records-worker.ts', import.meta.url)
    const thread = new DiskThread<RecordsTraffic>('records', program, how, (failure) => {
      if (this.#thread === thread) this.#commits.fail(failure)
    })
    return thread
  }

  async #reopen(): Promise<void> {
    await this.#thread.close()
    const thread = this.#start(true)
    await thread.opened
    this.#thread = thread
  }

  get state(): RecordsState {
    const { state } = this.#commits
    return state.is === 'open' ? OPEN : { is: 'away', detail: state.detail }
  }

  append(entries: readonly Entry[]): Promise<void> {
    return this.#commits.append(entries)
  }

  async recover(): Promise<Recovered> {
    const answer = await this.#thread.ask({ ask: 'recover' })
    if (answer.is !== 'recovered') throw new RecordsUnavailable('the records gave no answer')
    return answer.recovered
  }

  async find(what: 'bid' | 'key', name: string): Promise<string | undefined> {
    try {
      const answer = await this.#thread.ask({ ask: what, name })
      return answer.is === 'found' ? answer.text : undefined
    } catch (error) {
      throw new RecordsUnavailable(messageOf(error))
    }
  }

  async changes(query: ChangesQuery): Promise<ChangesPage> {
    try {
      const answer = await this.#thread.ask({ ask: 'changes', query })
      return answer.is === 'changes' ? answer.page : { changes: [] }
    } catch (error) {
      throw new RecordsUnavailable(messageOf(error))
    }
  }

  async changeCount(): Promise<number> {
    try {
      const answer = await this.#thread.ask({ ask: 'change_count' })
      return answer.is === 'counted' ? answer.count : 0
    } catch (error) {
      throw new RecordsUnavailable(messageOf(error))
    }
  }

  async spentBetween(fromMs: number, toMs: number): Promise<readonly Payment[]> {
    const answer = await this.#thread.ask({ ask: 'spent', fromMs, toMs })
    return answer.is === 'spent' ? answer.payments : []
  }

  async spentPage(fromMs: number, toMs: number): Promise<SpentPage> {
    try {
      const answer = await this.#thread.ask({ ask: 'spent_page', fromMs, toMs })
      if (answer.is === 'spent_page') return answer.page
    } catch (error) {
      throw new RecordsUnavailable(messageOf(error))
    }
    throw new RecordsUnavailable('the records gave no answer')
  }

  async close(): Promise<void> {
    if (this.#commits.state.is !== 'closed') await this.#commits.close()
  }
}
