import { createServer, type Server as HttpServer } from 'node:http'
import type { Server } from 'node:net'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { grantReader } from '../../../services/workspace/grant.ts'
import { createGuard } from '../../../services/workspace/guard.ts'

/** The manager's key: signs tickets and grants. */
export async function signingKey() {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true })
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'EdDSA', use: 'sig' }] }
  const sign = (claims: JWTPayload, audience: string, seconds = 60, kid = 'one') =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA', kid })
      .setAudience(audience)
      .setJti(String(Math.random()))
      .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
      .sign(privateKey)
  const grant = (workspace: string, port: number) => sign({ sub: 'user-1', workspace, port }, 'workspace', 120)
  return { jwks, sign, grant }
}
export type SigningKey = Awaited<ReturnType<typeof signingKey>>

/** A real agent's guard before a server that plays what is behind it. */
export function guarded(
  { jwks }: Pick<SigningKey, 'jwks'>,
  place: { workspace: string; port: number },
  inside: HttpServer = createServer(),
): Server {
  const readGrant = grantReader(jwks, place.workspace)
  const log = { warn() {} }
  return createGuard({ port: place.port, readGrant, healthz: false, maxAdmitted: 1000, log }, (socket) => {
    inside.emit('connection', socket)
    socket.resume()
  })
}
