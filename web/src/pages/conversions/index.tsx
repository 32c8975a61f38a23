import { useRoute } from 'wouter'
import { ConversionsPage } from './conversions-page.tsx'
import { EventPage } from './event-page.tsx'
import './conversions.css'

/** How conversions are doing, or the event that the address names. */
export default function Conversions() {
  const [, params] = useRoute('/console/conversions/events/:id')
  return params?.id === undefined ? <ConversionsPage /> : <EventPage id={decodeURIComponent(params.id)} />
}
