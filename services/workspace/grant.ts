import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'

/** Reads a grant for a port of this workspace. Throws where it is for another door, or opens nothing (any more). */
export type ReadGrant = (grant: string, port: number) => Promise<JWTPayload>

/** By how much the clocks of this node and of the manager may differ, in seconds. */
const clockTolerance = 60

/**
 * A grant is the manager's word, of two minutes, that its bearer may use one port of one workspace: a JWT (EdDSA, audience
 * `workspace`). `keys` is the manager's JWKS.
 */
export function grantReader(keys: JSONWebKeySet, workspace: string): ReadGrant {
  const keySet = createLocalJWKSet(keys)
  return async (grant, port) => {
    const { payload } = await jwtVerify(grant, keySet, {
      algorithms: ['EdDSA', 'Ed25519'],
      audience: 'workspace',
      requiredClaims: ['exp', 'sub', 'workspace', 'port'],
      clockTolerance,
    })
    if (payload.workspace !== workspace || payload.port !== port) throw new Error('made for another door')
    return payload
  }
}
