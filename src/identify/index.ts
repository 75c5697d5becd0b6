/** The door of identity: a call's token becomes a principal, and the issuer of development mode. */
export { type DevelopmentIssuer, type DevelopmentToken, openDevelopmentIssuer } from './development.ts'
export { type Identifier, type IdentifierOptions, type Identify, makeIdentifier } from './identify.ts'
export { type KeyChange, type KeyPorts, readKeyFile } from './keys.ts'
export type { ParseJson } from './token.ts'
