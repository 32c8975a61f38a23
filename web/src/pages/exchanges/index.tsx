import { useRoute } from 'wouter'
import { CampaignPage, NewCampaign } from './campaign-page.tsx'
import { ExchangeList } from './exchange-list.tsx'
import { EXCHANGES_PATH, NEW_CAMPAIGN_PATH } from './paths.ts'
import { SeatPage } from './seat-page.tsx'
import './exchanges.css'

/** All seats and campaigns, or the one that the address names. */
export default function Exchanges() {
  const [, ofSeat] = useRoute(`${EXCHANGES_PATH}/seats/:seat`)
  const [isNew] = useRoute(NEW_CAMPAIGN_PATH)
  const [, ofCampaign] = useRoute(`${EXCHANGES_PATH}/campaigns/:id`)
  if (ofSeat?.seat !== undefined) return <SeatPage seat={decodeURIComponent(ofSeat.seat)} />
  if (isNew) return <NewCampaign />
  if (ofCampaign?.id !== undefined) return <CampaignPage id={decodeURIComponent(ofCampaign.id)} />
  return <ExchangeList />
}
