import { z } from 'zod'

/** A token or another secret of a platform. A line break that was copied with it would break the header it is sent in. */
export const SECRET = z
  .string()
  .max(4_096)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without blanks or line breaks')

/** A name of an event, as every platform takes it. */
export const NAME = /^[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?$/
export const NAME_FAULT = 'must be 1 to 64 printable ASCII characters without blanks around them'
