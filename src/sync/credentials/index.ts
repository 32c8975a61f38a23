export { countUnreadable, type Grant, readGrant, reseal, sealGrant } from './grants.ts'
export { addKeyInFolder, keysInFolder } from './key-file.ts'
export { createKeyring, type Keyring, parseKeys } from './keyring.ts'
