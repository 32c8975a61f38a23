import {
  type Server,
  type ServerWritableStream,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'

/** Adds services that need no key and have endless streams; limits how many of those are open. */
export interface LimitedServices extends Pick<Server, 'addService'> {
  /** Ends all streams that are open. */
  end(): void
}

type OpenCall = ServerWritableStream<unknown, unknown>

/** @param most how many streams may be open at once, counted over all callers and all services that are added here */
export function limitedTo(most: number, server: Server): LimitedServices {
  const open = new Set<OpenCall>()
  const limited =
    (handle: (call: OpenCall) => void) =>
    (call: OpenCall): void => {
      if (open.size >= most) {
        const details = `${most} streams of health and reflection are open already`
        call.emit('error', { code: status.RESOURCE_EXHAUSTED, details })
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
