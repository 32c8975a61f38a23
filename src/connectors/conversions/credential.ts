import { z } from 'zod'

/** The schema of a platform's token or other secret. A copied line break would break the header that it is sent in. */
export const SECRET = z
  .string()
  .max(4_096)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without blanks or line breaks')

/** An event name in the form that every platform takes. */
const NAME = /^[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?$/
const NAME_FAULT = 'must be 1 to 64 printable ASCII characters without blanks around them'

/** For platforms that take events of any name: as custom events if they have no standard event of that name. */
export const ANY_NAME = {
  nameFaultOf: (name: string) => (NAME.test(name) ? undefined : NAME_FAULT),
}

/** For platforms with a permanent access token and final answers, on whose accounts no bids are placed. */
export const LASTING_TOKEN = {
  accountOfBids: () => undefined,
  refresh: () => undefined,
  later: undefined,
}
