export { countUnreadable, readGrant, reseal, type StoredGrant, sealGrant } from './grants.ts'
export { addKeyInFolder, keysInFolder } from './key-file.ts'
export { createKeyring, type Keyring, parseKeys } from './keyring.ts'
