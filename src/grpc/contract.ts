import { fileURLToPath } from 'node:url'
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js'
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader'

/** The folder of the `.proto` files that callers use too. */
const PROTO_DIR = fileURLToPath(new URL('../../proto', import.meta.url))

/**
 * 64-bit integers are read as doubles: those that a double cannot represent exactly are far above the largest amount, and
 * the routes refuse them. Fields that were not sent are left out, so that the checks of the routes see what is missing.
 */
const OPTIONS = { includeDirs: [PROTO_DIR], longs: Number, enums: String, defaults: false, oneofs: false }

/** All message types and services: Bidwarden's own, and `google.rpc.Status` for the details of errors. */
export const contract: PackageDefinition = loadSync(
  ['bidwarden/v1/bidwarden.proto', 'google/rpc/status.proto'],
  OPTIONS,
)

/** The service that Bidwarden answers. */
export const bidwardenService = serviceNamed('bidwarden.v1.Bidwarden')

type Method = MethodDefinition<object, object>

function serviceNamed(name: string): ServiceDefinition {
  const found = contract[name]
  if (!found || 'format' in found) throw new Error(`the contract has no service ${name}`)
  // `proto-loader` and `grpc-js` describe a method alike, but have a type of their own for it.
  return found as Record<string, Method>
}

/** The message type of that full name. */
export function messageNamed(name: string): MessageTypeDefinition<object, object> {
  const found = contract[name]
  if (!found || !('format' in found) || !('serialize' in found))
    throw new Error(`the contract has no message ${name}`)
  return found as MessageTypeDefinition<object, object>
}
