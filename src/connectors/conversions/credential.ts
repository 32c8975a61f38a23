import { z } from 'zod'

/** A token or another secret of a platform. A line break that was copied with it would break the header it is sent in. */
export const SECRET = z
  .string()
  .max(4_096)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without blanks or line breaks')

/** A name of an event, as every platform takes it. */
const NAME = /^[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?$/
const NAME_FAULT = 'must be 1 to 64 printable ASCII characters without blanks around them'

/** Of a platform that takes events of any name: what it has no standard event for is a custom one. */
export const ANY_NAME = {
  nameFaultOf: (name: string) => (NAME.test(name) ? undefined : NAME_FAULT),
}

/** Of a platform whose credentials are a token that lasts, whose answers are final, and on which no bid shares the account. */
export const LASTING_TOKEN = {
  accountOfBids: () => undefined,
  refresh: () => undefined,
  later: undefined,
}
