export type { Fault, FaultRule } from './faults.ts'
export type { AppliedWrite, SeenRequest } from './ledger.ts'
export { type Sandbox, type SandboxOptions, startSandbox } from './server.ts'
