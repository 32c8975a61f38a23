import type { Delivery } from '../../api/conversions.ts'

const STATES: Readonly<Record<Delivery['state'], readonly [tone: string, name: string]>> = {
  pending: ['', 'waits'],
  sent: ['accent', 'under way'],
  acknowledged: ['ok', 'arrived'],
  retrying: ['warn', 'to be sent again'],
  dead: ['danger', 'given up'],
}

export function StateChip({ state }: { state: Delivery['state'] }) {
  const [tone, name] = STATES[state]
  return <span className={`chip ${tone}`}>{name}</span>
}
