import type { HttpResponse } from '../../http/http.ts'
import { readGoogleRpc } from '../google/rpc.ts'
import type { Answer } from '../platform/answer.ts'

/** Google Sheets. */
export const sheets = {
  hosts: { sheets: 'https://sheets.googleapis.com' },
  version: 'v4',
  /**
   * Our limits: Google allows 300 reads and 300 writes a minute per project and 60 each per person; over it, callers
   * wait for the next minute.
   */
  limits: { reads: [{ calls: 60, windowMs: 60_000 }], writes: [{ calls: 60, windowMs: 60_000 }] },

  /**
   * Classes an answer as {@link readGoogleRpc} does. The grant reaches what its person can open, so a missing
   * permission always concerns one spreadsheet or one range.
   */
  read(response: HttpResponse, nowMs: number): Answer {
    const answer = readGoogleRpc(response, nowMs)
    return answer.is === 'forbidden' ? { is: 'refused', detail: answer.detail } : answer
  },
} as const
