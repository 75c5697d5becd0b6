/**
 * Signature algorithms with a public key (RFC 7518 section 3.1, RFC 8037, RFC 9864): what an issuer may sign with. A shared
 * secret is never among them: whoever could verify with it could also sign.
 */
export const signatureAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const
