import { type ServicePart, troubles } from '../agent/index.ts'
import type { Config } from '../config/config.ts'
import type { GrpcOptions } from '../grpc/index.ts'
import type { OpenParts } from './open-parts.ts'

interface GrpcParts extends Pick<GrpcOptions, 'app' | 'authorize' | 'clock' | 'log'> {
  readonly parts: readonly ServicePart[]
}

/** Opens the port for calls by gRPC where the configuration names one, and returns its address. */
export async function openGrpc(
  { grpcPort: port, host }: Config,
  { parts, ...rest }: GrpcParts,
  opened: OpenParts,
): Promise<string | undefined> {
  if (port === undefined) return undefined
  // Loaded only where it is used: the libraries take some 20 MiB.
  const { startGrpc } = await import('../grpc/index.ts')
  const isReady = () => troubles(parts).length === 0
  const server = await startGrpc({ ...rest, host, port, isReady })
  opened.add(() => server.close())
  return server.address
}
