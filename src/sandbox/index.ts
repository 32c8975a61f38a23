export type { ConversionApi, SandboxConversions } from './conversions/index.ts'
export type { Fault, FaultRule, FaultScript } from './faults.ts'
export type { AppliedWrite, SandboxLedger, SandboxRequest } from './ledger.ts'
export { type Sandbox, type SandboxOptions, startSandbox } from './server.ts'
