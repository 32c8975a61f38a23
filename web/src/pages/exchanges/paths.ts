export const EXCHANGES_PATH = '/console/exchanges'
export const NEW_CAMPAIGN_PATH = `${EXCHANGES_PATH}/new-campaign`
export const seatPath = (seat: string): string => `${EXCHANGES_PATH}/seats/${encodeURIComponent(seat)}`
export const campaignPath = (id: string): string => `${EXCHANGES_PATH}/campaigns/${encodeURIComponent(id)}`
