import type { SyncReply } from './store/store.ts'

/** Why the store granted nothing, though it can be reached; undefined where it did, or had nothing to grant. */
export function refusalIn(reply: SyncReply): string | undefined {
  switch (reply.is) {
    case 'granted':
      return reply.withheld?.detail
    case 'fenced':
      return reply.detail
    case 'unknown_scope':
      return 'it does not know the scope yet'
    case 'stale':
      return 'it has answered a later line'
    case 'forfeited':
      return undefined
  }
}
