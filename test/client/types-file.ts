/** The types of the client, as `npm run client:build` writes them. */
export const TYPES_FILE = 'clients/typescript/src/openapi.ts'
