export { type AuthorizationDeps, finish, initiate, type LoginDone } from './authorization.ts'
export { isToken, type OauthClient, type OauthServer, revokeToken, type Tokens } from './client.ts'
export { createTokenKeeper, RECONNECT } from './token-keeper.ts'
