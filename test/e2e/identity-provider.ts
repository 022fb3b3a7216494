import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
// @ts-expect-error the provider brings no types
import Provider from 'oidc-provider'
import { type Credential, issueCertificate } from '../lab/certificates.ts'

export type IdentityProvider = { issuer: string; clientId: string; clientSecret: string; stop: () => void }

/**
 * A real identity provider at the site, certified by its authority. It takes any name with any password; the pages that
 * ask for them are its own.
 */
export async function startIdentityProvider(at: {
  address: string
  directory: string
  authority: Credential
  /** where people are sent back to */
  callback: string
}): Promise<IdentityProvider> {
  const credential = await issueCertificate(at.authority, at.directory, 'identity-provider', {
    commonName: at.address,
    ip: [at.address],
    usage: ['serverAuth'],
  })
  const [cert, key] = await Promise.all([readFile(credential.certificateFile), readFile(credential.keyFile)])
  const server = createServer({ cert, key }).listen(0, at.address)
  await once(server, 'listening')
  const issuer = `https://${at.address}:${(server.address() as AddressInfo).port}`
  const { listener, ...client } = providerAt(issuer, at.callback)
  server.on('request', listener)
  return {
    issuer,
    ...client,
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** What answers at an issuer's URL, for one client, which sends people back to `callback`. */
export function providerAt(
  issuer: string,
  callback: string,
): { listener: RequestListener; clientId: string; clientSecret: string } {
  const clientId = 'cde'
  const clientSecret = 'client-secret-of-the-site'
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [callback],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    pkce: { required: () => true },
    claims: { profile: ['preferred_username'] },
    cookies: { keys: ['test'] },
    findAccount: (_context: unknown, sub: string) => ({
      accountId: sub,
      claims: () => ({ sub, preferred_username: sub }),
    }),
  })
  return { listener: provider.callback(), clientId, clientSecret }
}
