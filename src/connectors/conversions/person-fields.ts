import type { UserData } from './conversion-connector.ts'
import { country } from './countries.ts'
import { ipAddress } from './ip-address.ts'
import { hashed, hashedOften, nameLetters, plain, untouched, zip } from './normalise.ts'
import { stateIn } from './states.ts'

/** The identifiers that Meta and Snapchat take in the same form, by the names that both have for them. */
export const personFields = (user: UserData) => ({
  fn: hashedOften(user.first_name, nameLetters),
  ln: hashedOften(user.last_name, nameLetters),
  st: hashed(user.state, stateIn(user.country)),
  zp: hashed(user.zip, zip),
  country: hashedOften(user.country, country),
  // Shops compare ids exactly, so only blanks around them are removed.
  external_id: hashed(user.external_id, (text) => text),
  client_ip_address: plain(user.client_ip_address, ipAddress),
  client_user_agent: untouched(user.client_user_agent),
})
