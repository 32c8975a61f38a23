import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hash,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../../errors.ts'
import { parseJson } from '../../json/json.ts'

/** AES-256-GCM with the sizes of NIST SP 800-38D. */
const ALGORITHM = 'aes-256-gcm'
const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16

/** A sealed secret as stored. It names its key, so that records can move to a new key one by one. */
const SealedRecord = z.object({ keyId: z.string(), iv: z.string(), tag: z.string(), data: z.string() })
type Sealed = z.output<typeof SealedRecord>

/** Seals secrets with the first key and opens them with any. */
export interface Keyring {
  readonly keyId: string
  /** @param context owner of the secret; it opens only with the same context, so records cannot be swapped */
  seal(secret: string, context: string): string
  /**
   * Throws `credentials_unreadable` when the key is unknown, or the record was changed or belongs to another context.
   */
  open(sealed: string, context: string): string
  /** Whether the key that sealed the record is configured. */
  knows(sealed: string): boolean
  /** Whether the record was sealed with the first key. */
  isCurrent(sealed: string): boolean
  /**
   * Digests of a secret by every key, the first key's first. Only with a key can anybody test whether a digest belongs
   * to a text. Another context gives other digests.
   */
  digests(secret: string, context: string): readonly [string, ...string[]]
}

/** Parses keys: base64 of 32 bytes each, separated by commas, the sealing key first. Errors never contain a key. */
export function parseKeys(text: string): Buffer[] {
  const texts = text.split(',').map((one) => one.trim())
  const keys = texts.map((one) => Buffer.from(one, 'base64'))
  // Node's base64 decoder skips invalid characters, so they are checked here.
  const isWhole = texts.every((one) => /^[A-Za-z0-9+/_-]+=?$/.test(one))
  if (!isWhole || keys.some(({ length }) => length !== KEY_BYTES))
    throw new Error('each key must be base64 of 32 bytes')
  return keys
}

export const newKey = (): string => randomBytes(KEY_BYTES).toString('base64')

/** Name of a key, which reveals nothing about it. */
const idOf = (key: Buffer): string => hash('sha256', key, 'hex').slice(0, 16)

export function createKeyring(rawKeys: readonly Buffer[]): Keyring {
  // With raw bytes, a cipher would make a key object each time, which takes two thirds of the time.
  const keys = rawKeys.map((raw) => ({ id: idOf(raw), key: createSecretKey(raw) }))
  const [first] = keys
  if (!first) throw new Error('there is no encryption key')
  const byId = new Map(keys.map(({ id, key }) => [id, key]))
  const keyId = first.id
  const nextIv = createIvs()

  return {
    keyId,
    seal(secret, context) {
      const iv = nextIv()
      const cipher = createCipheriv(ALGORITHM, first.key, iv, { authTagLength: TAG_BYTES })
      cipher.setAAD(Buffer.from(context))
      const data = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
      const sealed: Sealed = {
        keyId,
        iv: iv.toString('base64'),
        tag: cipher.getAuthTag().toString('base64'),
        data: data.toString('base64'),
      }
      return JSON.stringify(sealed)
    },
    open(text, context) {
      const sealed = sealedIn(text)
      const key = byId.get(sealed.keyId)
      if (!key)
        throw unreadable('were encrypted with a key that is not in ENCRYPTION_KEY; an operator has to add it')
      return opened(sealed, key, context)
    },
    knows: (text) => byId.has(sealedIn(text).keyId),
    isCurrent: (text) => sealedIn(text).keyId === keyId,
    digests: (secret, context) => [
      digestOf(first.key, secret, context),
      ...keys.slice(1).map(({ key }) => digestOf(key, secret, context)),
    ],
  }
}

/** How many IVs are generated at once, which is cheaper. */
const IVS_AT_ONCE = 256

/** Makes a function that returns the random bytes of one record each time, never the same ones twice. */
function createIvs(): () => Buffer {
  let drawn = Buffer.alloc(0)
  return () => {
    if (drawn.length === 0) drawn = randomBytes(IVS_AT_ONCE * IV_BYTES)
    const iv = drawn.subarray(0, IV_BYTES)
    drawn = drawn.subarray(IV_BYTES)
    return iv
  }
}

/** Made with a key that is derived from the encryption key. */
const digestOf = (key: KeyObject, secret: string, context: string): string =>
  createHmac('sha256', createHmac('sha256', key).update(`digest:${context}`).digest())
    .update(secret)
    .digest('hex')

const unreadable = (why: string) => new AppError('credentials_unreadable', `The credentials ${why}`, 'later')

/** Parses a record; the error for a damaged one does not contain its content. */
function sealedIn(text: string): Sealed {
  try {
    return SealedRecord.parse(parseJson(text))
  } catch {
    throw unreadable('are damaged')
  }
}

function opened(sealed: Sealed, key: KeyObject, context: string): string {
  try {
    const decipher = createDecipheriv(ALGORITHM, key, Buffer.from(sealed.iv, 'base64'), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(Buffer.from(context))
    decipher.setAuthTag(Buffer.from(sealed.tag, 'base64'))
    return decipher.update(sealed.data, 'base64', 'utf8') + decipher.final('utf8')
  } catch {
    throw unreadable('were changed, or belong to another connection')
  }
}
