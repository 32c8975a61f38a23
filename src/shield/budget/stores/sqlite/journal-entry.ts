import { hash } from 'node:crypto'
import type { Command } from '../../ledger/ledger.ts'
import type { UnderWay } from '../../protocol/store.ts'

/** Marks that a process has opened the ledger. Owners before this entry are gone. */
export interface Opening {
  readonly do: 'open'
  /** Length of leases from this entry on; null for leases that last as long as the process. */
  readonly leaseMs: number | null
  /** Id of the machine's present boot, and how long the machine had been up. */
  readonly bootId: string
  readonly uptimeMs: number
  /** Whether the time since the last entry is known, which it is if the machine was not restarted. */
  readonly timeIsKnown: boolean
}

/** Everything that changes a ledger. */
export type JournalCommand = Command | Opening

/** The figures of a scope after an entry, in whole units (micros or calls). */
export interface Balance {
  readonly scope: string
  /** Total spend, less credits. */
  readonly spent: number
  readonly overdraft: number
  /** Granted to owners and not yet spent or returned. */
  readonly granted: number
  /** Forfeited by gone owners and not yet spend. */
  readonly forfeited: number
  /** What could be granted; left out for a scope without limits. */
  readonly available?: number
}

/** What an entry changed, for readers of the journal. */
export interface Effect {
  /** How a line or a bill was answered. */
  readonly is?: string
  readonly granted?: number
  readonly overdraft?: number
  readonly forfeits?: readonly ForfeitedGrants[]
  /** What was freed of a gone owner's forfeits. */
  readonly freed?: readonly UnderWay[]
  readonly balance?: Balance
}

export interface ForfeitedGrants {
  readonly scope: string
  readonly owner: string
  readonly amount: number
}

/** A command, when it was applied, and its effect. */
export interface JournalEntry {
  /** The number of the entry: 1 for the first, then one more for each. */
  readonly number: number
  /** By the wall clock, in milliseconds since the epoch. */
  readonly atMs: number
  /** By the store's clock, which never goes back. */
  readonly elapsedMs: number
  readonly command: JournalCommand
  readonly effect: Effect
}

/** What the first entry is chained to. */
export const CHAIN_START = '0'.repeat(64)

/** The text of an entry as it is stored, hashed and exported. */
export const textOf = (entry: JournalEntry): string => JSON.stringify(entry)

export function entryOf(text: string): JournalEntry {
  return JSON.parse(text)
}

/** The hash of an entry and all entries before it. */
export const chainHash = (previous: string, text: string): string =>
  hash('sha256', `${previous}\n${text}`, 'hex')

/** The scope that an entry is about; null for an entry about all scopes. */
export function scopeOf(command: JournalCommand): string | null {
  switch (command.do) {
    case 'sync':
      return command.line.scope
    case 'bill':
      return command.bill.scope
    case 'define':
      return command.definition.scope
    case 'pause':
    case 'remove':
      return command.scope
    case 'open':
    case 'leave':
    case 'free':
    case 'kill_switch':
      return null
  }
}
