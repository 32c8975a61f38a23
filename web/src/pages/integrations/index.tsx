import { useRoute } from 'wouter'
import { ConnectionList } from './connection-list.tsx'
import { ConnectionPage } from './connection-page.tsx'
import { CALLBACK_PATH } from './login.ts'
import { LoginEnd } from './login-end.tsx'
import './integrations.css'

/** Every connection, the one that the address names, or the end of a login at a platform. */
export default function Integrations() {
  const [isCallback] = useRoute(CALLBACK_PATH)
  const [, params] = useRoute('/console/integrations/:id')
  if (isCallback) return <LoginEnd />
  return params?.id === undefined ? <ConnectionList /> : <ConnectionPage id={decodeURIComponent(params.id)} />
}
