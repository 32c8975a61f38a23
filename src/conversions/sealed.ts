import type { AppData, Identifiers } from '../connectors/index.ts'
import { parseJson } from '../json/json.ts'
import type { Keyring } from '../sync/index.ts'
import type { OpenData } from './open-data.ts'

/** What a delivery needs that may be about a person: identifiers for its platform, and text that may have anything in it. */
export interface Personal {
  readonly identifiers: Identifiers
  readonly url: string | undefined
  readonly search: string | undefined
  /** The device, for an event of an app. */
  readonly app?: AppData
  /** The event as it was mended and sent again, where other platforms have its first form. */
  readonly mended?: MendedEvent
}

/** The members of a mended event, without those about the person. */
export interface MendedEvent {
  readonly event_time_ms: number
  readonly action_source: string
  readonly data: OpenData
}

export interface DeliveryKey {
  readonly org_id: number
  readonly platform: string
  readonly event_name: string
  readonly event_id: string
}

/** Whom a sealed text belongs to, so that it opens nowhere else. */
const contextOf = ({ org_id, platform, event_name, event_id }: DeliveryKey): string =>
  JSON.stringify(['conversion', org_id, platform, event_name, event_id])

export const sealPersonal = (keyring: Keyring, key: DeliveryKey, personal: Personal): string =>
  keyring.seal(JSON.stringify(personal), contextOf(key))

/** Throws `credentials_unreadable` where the key is not known. */
export function openPersonal(keyring: Keyring, key: DeliveryKey, sealed: string): Personal {
  const { identifiers, url, search, app, mended } = parseJson(keyring.open(sealed, contextOf(key)))
  return { identifiers, url, search, ...(app && { app }), ...(mended && { mended }) }
}
