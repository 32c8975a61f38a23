import type { AppData, Identifiers } from '../connectors/index.ts'
import { parseJson } from '../json/json.ts'
import type { Keyring } from '../sync/index.ts'
import type { OpenData } from './open-data.ts'

/** The personal data of a delivery: identifiers in its platform's form, and free text, which may contain anything. */
export interface Personal {
  readonly identifiers: Identifiers
  readonly url: string | undefined
  readonly search: string | undefined
  /** The device, for an app event. */
  readonly app?: AppData
  /** The mended event of a delivery that was sent again, if other platforms have its first form. */
  readonly mended?: MendedEvent
}

/** The members of a mended event that contain no personal data. */
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

/** The delivery that an encrypted text belongs to; it cannot be decrypted as another one's. */
const contextOf = ({ org_id, platform, event_name, event_id }: DeliveryKey): string =>
  JSON.stringify(['conversion', org_id, platform, event_name, event_id])

export const sealPersonal = (keyring: Keyring, key: DeliveryKey, personal: Personal): string =>
  keyring.seal(JSON.stringify(personal), contextOf(key))

/** Throws `credentials_unreadable` if the key is missing. */
export function openPersonal(keyring: Keyring, key: DeliveryKey, sealed: string): Personal {
  const { identifiers, url, search, app, mended } = parseJson(keyring.open(sealed, contextOf(key)))
  return { identifiers, url, search, ...(app && { app }), ...(mended && { mended }) }
}
