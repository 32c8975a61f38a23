import { z } from 'zod'

/** A token or another secret of a platform. A line break that was copied with it would break the header it is sent in. */
export const SECRET = z
  .string()
  .max(4_096)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without blanks or line breaks')

/** A name of an event, as every platform takes it. */
const NAME = /^[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?$/
const NAME_FAULT = 'must be 1 to 64 printable ASCII characters without blanks around them'

/** For a platform that takes events of any name, as custom events where it has no standard one. */
export const ANY_NAME = {
  nameFaultOf: (name: string) => (NAME.test(name) ? undefined : NAME_FAULT),
}

/** For a platform with a lasting access token and final answers, on whose account no bids are placed. */
export const LASTING_TOKEN = {
  accountOfBids: () => undefined,
  refresh: () => undefined,
  later: undefined,
}
