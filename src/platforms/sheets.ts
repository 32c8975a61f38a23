import type { HttpResponse } from '../http.ts'
import { readGoogleRpc } from './google-rpc.ts'
import type { Answer } from './platform.ts'

/** Google Sheets. */
export const sheets = {
  hosts: { sheets: 'https://sheets.googleapis.com' },
  version: 'v4',
  /** 300 reads and 300 writes a minute per project, 60 each per person; over it one waits for the next minute. */
  limits: { reads: [{ calls: 60, windowMs: 60_000 }], writes: [{ calls: 60, windowMs: 60_000 }] },

  /** @see readGoogleRpc */
  read: (response: HttpResponse, nowMs: number): Answer => readGoogleRpc(response, nowMs),
} as const
