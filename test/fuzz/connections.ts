import type { Caller } from './caller.ts'
import type { SpoiledPlatforms } from './platforms.ts'

export const CALLBACK = 'http://127.0.0.1:9/back'
export const RESEND_SECRET = Buffer.alloc(24, 7).toString('base64')
export const META_SECRET = 'the app secret of the fuzzed connection'

export const TYPES = ['AMAZON_DSP', 'DV360', 'GA4', 'GOOGLE_ADS', 'META', 'RESEND', 'SHEETS', 'TTD'] as const
export type Type = (typeof TYPES)[number]

const SETTINGS: Readonly<Partial<Record<Type, object>>> = {
  SHEETS: { spreadsheet_id: 'sandbox-crm', range: 'CRM', key_column: 'email' },
}

export interface Connected {
  readonly type: Type
  readonly id: string
  /** Reports that can be asked for, and whether each is over dates. */
  readonly reports: readonly { readonly name: string; readonly isDated: boolean }[]
}

/** Connects an account as a person would. Undefined where a spoiled answer came between. */
export async function connect(
  caller: Caller,
  { sandbox }: SpoiledPlatforms,
  type: Type,
): Promise<Connected | undefined> {
  const settings = SETTINGS[type] ?? {}
  const apiKey = sandbox.sync[type]?.apiKey
  let id: string | undefined
  if (apiKey !== undefined) {
    const body = { connector_type: type, api_key: apiKey, settings }
    id = (await caller.json({ method: 'POST', path: '/api/v1/connectors', body }))?.id
  } else {
    const granted = await grant(caller, type, settings)
    const path = '/api/v1/connectors/oauth/callback'
    id = granted && (await caller.json({ method: 'POST', path, body: granted }))?.connector_id
  }
  if (id === undefined) return undefined
  const described = await caller.json({ method: 'GET', path: `/api/v1/connectors/types/${type}` })
  const reports: { name: string; dated: boolean }[] = described?.reports ?? []
  const secret = { RESEND: `whsec_${RESEND_SECRET}`, META: META_SECRET }[String(type)]
  if (secret !== undefined)
    await caller.json({ method: 'PUT', path: `/api/v1/connectors/${id}/webhook`, body: { secret } })
  return { type, id, reports: reports.map(({ name, dated }) => ({ name, isDated: dated })) }
}

/** Goes through the authorization page; undefined where that was spoiled. */
async function grant(caller: Caller, type: Type, settings: object) {
  const begun = await caller.json({
    method: 'POST',
    path: '/api/v1/connectors/oauth/initiate',
    body: { connector_type: type, callback_url: CALLBACK, settings },
  })
  if (!begun) return undefined
  const page = await fetch(begun.authorization_url, { redirect: 'manual' }).catch(() => undefined)
  const back = page?.headers.get('location') ?? ''
  if (!URL.canParse(back)) return undefined
  const { searchParams } = new URL(back)
  return { code: searchParams.get('code') ?? 'none', state: begun.state as string }
}
