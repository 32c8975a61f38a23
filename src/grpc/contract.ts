import { fileURLToPath } from 'node:url'
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js'
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader'

/** Folder of the contracts, as callers get them. */
const PROTO_DIR = fileURLToPath(new URL('../../proto', import.meta.url))

/**
 * Numbers of 64 bits are read as doubles: what is larger than a double can say exactly is far above the largest amount, and
 * refused. Fields that were not sent are left out, so that the checks of the routes see what is missing.
 */
const OPTIONS = { includeDirs: [PROTO_DIR], longs: Number, enums: String, defaults: false, oneofs: false }

/** The contract of the service, and of what its errors carry. */
export const contract: PackageDefinition = loadSync(
  ['bidwarden/v1/bidwarden.proto', 'google/rpc/status.proto'],
  OPTIONS,
)

/** Its service. */
export const bidwardenService = serviceNamed('bidwarden.v1.Bidwarden')

type Method = MethodDefinition<object, object>

function serviceNamed(name: string): ServiceDefinition {
  const found = contract[name]
  if (!found || 'format' in found) throw new Error(`the contract has no service ${name}`)
  // Both libraries are of one project, and describe a method alike.
  return found as Record<string, Method>
}

/** The message type of that full name. */
export function messageNamed(name: string): MessageTypeDefinition<object, object> {
  const found = contract[name]
  if (!found || !('format' in found) || !('serialize' in found))
    throw new Error(`the contract has no message ${name}`)
  return found as MessageTypeDefinition<object, object>
}
