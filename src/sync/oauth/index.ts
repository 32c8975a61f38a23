export { type AuthorizationDeps, type Authorized, finish, initiate } from './authorization.ts'
export { type OauthClient, type OauthServer, revokeToken, type Tokens } from './client.ts'
export { createTokenKeeper, RECONNECT, type Token, type TokenKeeper } from './token-keeper.ts'
