import openapiTS, { astToString } from 'openapi-typescript'

const HEADER =
  '// Written by `npm run client:build` from the /openapi.json of the service. Not to be changed by hand.\n\n'

/** The source of `src/openapi.ts`, the types of everything that an OpenAPI document names. */
export async function typesOf(document: string): Promise<string> {
  const types = await openapiTS(document, {
    // What the document says no more of than "an object" is to be looked at before it is used.
    emptyObjectsUnknown: true,
    alphabetize: true,
  })
  return HEADER + astToString(types)
}
