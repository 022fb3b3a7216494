import { once } from 'node:events'
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

/** What envproxy needs of a manager: the keys of tickets, and yes to every question. */
export interface StandInManager {
  url: string
  /** A real ticket, good for 60 seconds, for the terminal of a workspace. Each user has `4` connections at most. */
  ticket: (connection: number) => Promise<string>
  stop: () => void
}

export const workspace = 'bench12345'
export const path = `/proxy/workspaces/${workspace}/shell`

export async function startStandInManager(): Promise<StandInManager> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true })
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'bench', alg: 'EdDSA', use: 'sig' }]
  const grant = await new SignJWT({ sub: 'user-1', workspace, port: 26337 })
    .setProtectedHeader({ alg: 'EdDSA', kid: 'bench' })
    .setAudience('workspace')
    .setExpirationTime('120s')
    .sign(privateKey)
  const server = createServer((request, response) => {
    request.resume()
    if (request.url === '/auth/jwks')
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }))
    else if (request.url?.startsWith('/internal/access'))
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ grant }))
    else response.writeHead(204).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    ticket: (connection) =>
      new SignJWT({
        sub: `user-${connection >> 2}`,
        credential: `session:${connection >> 2}`,
        workspace,
        port: 26337,
        path,
      })
        .setProtectedHeader({ alg: 'EdDSA', kid: 'bench' })
        .setAudience('envproxy')
        .setExpirationTime('60s')
        .sign(privateKey),
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}
