import {
  type Server,
  type ServerWritableStream,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'

/** Adds services whose streams anybody may open, and which do not end by themselves. */
export interface LimitedServices extends Pick<Server, 'addService'> {
  /** Ends all that are open. */
  end(): void
}

type OpenCall = ServerWritableStream<unknown, unknown>

/** @param most streams of all callers, and of all services that are added by it, that may be open at once */
export function limitedTo(most: number, server: Server): LimitedServices {
  const open = new Set<OpenCall>()
  const limited =
    (handle: (call: OpenCall) => void) =>
    (call: OpenCall): void => {
      if (open.size >= most) {
        call.emit('error', { code: status.RESOURCE_EXHAUSTED, details: `${most} such calls are open` })
        return
      }
      open.add(call)
      call.once('close', () => open.delete(call))
      call.once('cancelled', () => open.delete(call))
      handle(call)
    }
  return {
    addService(service: ServiceDefinition, methods: UntypedServiceImplementation) {
      const wrapped = Object.entries(methods).map(([name, handle]) => {
        const method = Object.entries(service).find(([own]) => own.toLowerCase() === name.toLowerCase())?.[1]
        return [name, method?.responseStream ? limited(handle as (call: OpenCall) => void) : handle]
      })
      server.addService(service, Object.fromEntries(wrapped))
    },
    end() {
      for (const call of open)
        call.emit('error', { code: status.UNAVAILABLE, details: 'the service is stopping' })
    },
  }
}
