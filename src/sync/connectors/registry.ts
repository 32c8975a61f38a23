import type { ConnectorType, CreateReadConnector } from './read-connector.ts'

/** Every platform that is read; a line each. */
export const READ_CONNECTORS: Partial<Record<ConnectorType, CreateReadConnector>> = {}
