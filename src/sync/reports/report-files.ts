import { DiskThread } from '../../storage/index.ts'
import type { Surveyed, WantedFields } from './survey.ts'

/** Messages to the thread that writes report files. Rows are sent as stored, as text. */
export interface FileTraffic {
  readonly opened: undefined
  /** No batches: every message is a request with an answer. */
  readonly batch: never
  readonly question: { readonly id: number } & (
    | { readonly do: 'begin'; readonly wanted: WantedFields }
    | { readonly do: 'survey' | 'write'; readonly texts: readonly string[] }
    | { readonly do: 'surveyed' | 'end' | 'drop' }
    | { readonly do: 'open'; readonly path: string; readonly metadata: Metadata }
  )
  /** Answer to `surveyed`; to `end`, the size in bytes. */
  readonly answer: Omit<Surveyed, 'columns'> | number | undefined
}

/** Memory limits of the thread, in MiB: a group of rows and its encoded form take about half. */
const MEMORY = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 128 }

/** Key-value metadata of a file. */
type Metadata = Readonly<Record<string, string>>

/** A parquet file to write. */
export interface FileOrder {
  readonly wanted: WantedFields
  readonly path: string
  /** The stored rows, read twice: first to find the columns, then to write them. */
  readonly texts: () => AsyncIterable<readonly string[]>
  readonly metadata: (found: Omit<Surveyed, 'columns'>) => Metadata
}

export interface WrittenFile extends Omit<Surveyed, 'columns'> {
  readonly bytes: number
}

/**
 * Writes report files in a thread, so that neither the disk nor the encoding blocks the event loop. The thread starts
 * with the first file; one that ended is replaced.
 */
export class ReportFiles {
  #thread: DiskThread<FileTraffic> | undefined
  #files = 0

  /** Writes a file, which appears at its path when it is complete and on the disk. A failed file is deleted. */
  async write({ wanted, path, texts, metadata }: FileOrder): Promise<WrittenFile> {
    const thread = this.#open()
    this.#files += 1
    const id = this.#files
    const ask = (question: DistributedOmit<FileTraffic['question'], 'id'>) => thread.ask({ ...question, id })
    try {
      await ask({ do: 'begin', wanted })
      for await (const page of texts()) await ask({ do: 'survey', texts: page })
      const found = await ask({ do: 'surveyed' })
      if (typeof found !== 'object') throw new Error('the thread that writes reports counted no rows')
      await ask({ do: 'open', path, metadata: metadata(found) })
      for await (const page of texts()) await ask({ do: 'write', texts: page })
      return { ...found, bytes: Number(await ask({ do: 'end' })) }
    } finally {
      await ask({ do: 'drop' }).catch(() => {})
    }
  }

  async close(): Promise<void> {
    await this.#thread?.close()
  }

  #open(): DiskThread<FileTraffic> {
    if (!this.#thread || this.#thread.isLost) {
      const program = new URL('./report-worker.ts', import.meta.url)
      this.#thread = new DiskThread<FileTraffic>('reports', program, undefined, () => {}, MEMORY)
      // If the thread does not start, each request to it rejects with that error.
      this.#thread.opened.catch(() => {})
    }
    return this.#thread
  }
}

type DistributedOmit<T, K extends keyof T> = T extends unknown ? Omit<T, K> : never
