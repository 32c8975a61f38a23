import type { Connector } from '../platform/connector.ts'

type Hosts = Pick<Connector, 'baseUrls' | 'fileHosts'>

/** Whether an address is on a host that the connector was built with; only the operator names those. */
export const isOwnHost = ({ baseUrls }: Hosts, url: string): boolean =>
  Object.values(baseUrls).some((base) => new URL(base).origin === new URL(url).origin)

/**
 * Why a file may not be fetched from an address in an answer; undefined when it may. The text leaves out the address,
 * which may contain a token.
 */
export function hostProblem(hosts: Hosts, url: string): string | undefined {
  if (isFileHost(hosts, url)) return undefined
  const where = URL.canParse(url) ? new URL(url).origin : 'nowhere'
  return `the file lies at ${where}, which is not one of the platform's hosts`
}

function isFileHost(hosts: Hosts, url: string): boolean {
  if (!URL.canParse(url)) return false
  if (isOwnHost(hosts, url)) return true
  const { protocol, hostname, port, username, password } = new URL(url)
  const isPlain = protocol === 'https:' && port === '' && username === '' && password === ''
  return isPlain && (hosts.fileHosts ?? []).some((host) => isOf(host, hostname))
}

/** @param host with a leading dot for every host below it */
const isOf = (host: string, hostname: string): boolean =>
  host.startsWith('.') ? hostname.endsWith(host) : hostname === host
