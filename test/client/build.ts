import { writeFileSync } from 'node:fs'
import { typesOf } from '../../clients/typescript/generate.ts'
import { apiDocumentText } from '../support/api-document.ts'
import { TYPES_FILE } from './types-file.ts'

// `npm run client:build`: writes the types of the client anew, from what the service says of itself.
writeFileSync(TYPES_FILE, await typesOf(await apiDocumentText()))
