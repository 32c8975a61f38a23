import { useRoute } from 'wouter'
import { BidList } from './bid-list.tsx'
import { BidPage } from './bid-page.tsx'
import './bids.css'

/** The latest bids, or the one that the address names. */
export default function Bids() {
  const [, params] = useRoute('/console/bids/:bidId')
  return params?.bidId === undefined ? <BidList /> : <BidPage bidId={decodeURIComponent(params.bidId)} />
}
