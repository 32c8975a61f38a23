import { useQuery } from '@tanstack/react-query'
import { sessionQuery } from '../api/session.ts'
import { Answer } from '../ui/answer.tsx'
import { Shell } from './shell.tsx'
import { SignIn } from './sign-in.tsx'

/** The console, to who may look at it; to others the way in. */
export function Door() {
  const query = useQuery(sessionQuery)
  return (
    <Answer query={query}>
      {(session) => (session === null ? <SignIn /> : <Shell session={session} />)}
    </Answer>
  )
}
