import type { Identifiers } from '../connectors/index.ts'
import { parseJson } from '../json/json.ts'
import type { Keyring } from '../sync/index.ts'

/** What a delivery needs that may be about a person: identifiers for its platform, and text that may have anything in it. */
export interface Personal {
  readonly identifiers: Identifiers
  readonly url: string | undefined
  readonly search: string | undefined
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
  const { identifiers, url, search } = parseJson(keyring.open(sealed, contextOf(key)))
  return { identifiers, url, search }
}
