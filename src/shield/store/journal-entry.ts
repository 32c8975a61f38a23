import { hash } from 'node:crypto'
import type { Command } from './ledger.ts'
import type { UnderWay } from './store.ts'

/** The beginning of a ledger's use by one process. The owners of earlier uses are gone. */
export interface Opening {
  readonly do: 'open'
  /** How long leases last from here on; null for as long as the process lives. */
  readonly leaseMs: number | null
  /** Where and when: the identity of this boot of the machine, and how long it had been up. */
  readonly bootId: string
  readonly uptimeMs: number
  /** Whether the elapsed time since the last entry is known, because the machine has not been restarted. */
  readonly timeIsKnown: boolean
}

/** Everything that moves a ledger. */
export type JournalCommand = Command | Opening

/** How a scope stands after an entry, in whole units of it. */
export interface Balance {
  readonly scope: string
  /** Spend ever, less credits. */
  readonly spent: number
  readonly overdraft: number
  /** Granted to owners and not yet spent or returned. */
  readonly granted: number
  /** Forfeited by gone owners and not yet spend. */
  readonly forfeited: number
  /** What could be granted; left out where nothing limits it. */
  readonly available?: number
}

/** What an entry changed, in the words of whoever reads the journal. */
export interface Effect {
  /** How a line or a bill was answered. */
  readonly is?: string
  readonly granted?: number
  readonly overdraft?: number
  readonly forfeits?: readonly Forfeited[]
  /** Of a gone owner's forfeit: what it never held. */
  readonly freed?: readonly UnderWay[]
  readonly balance?: Balance
}

export interface Forfeited {
  readonly scope: string
  readonly owner: string
  readonly amount: number
}

/** A command, when it was applied, and what came of it. */
export interface JournalEntry {
  /** Counts up by one, from 1. */
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

/** The entry as it is kept, hashed and exported. */
export const textOf = (entry: JournalEntry): string => JSON.stringify(entry)

export function entryOf(text: string): JournalEntry {
  return JSON.parse(text)
}

/** The hash that stands for an entry and all before it. */
export const chainHash = (previous: string, text: string): string =>
  hash('sha256', `${previous}\n${text}`, 'hex')

/** The scope an entry is about; null for those that concern all of them. */
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
