import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  clockTolerance,
  discovery,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client'
import { ApiError } from '../errors.ts'
import type { PendingLogin } from './pending-login.ts'

/** Where people prove who they are. An issuer without TLS is for tests on loopback. */
export type OidcSettings = { issuer: string; clientId: string; clientSecret: string; allowHttp?: boolean }

/** A person as the identity provider vouches for: issuer and subject say who; the name is a wish. */
export type Identity = { issuer: string; subject: string; name: string | undefined }

export type OidcProvider = {
  /** The page at the provider to send the person to, and what to remember meanwhile. */
  begin(): Promise<{ url: URL; pending: PendingLogin }>
  /** Redeems the code in the URL that the person came back to. @throws ApiError 401 OIDC_REFUSED, 502 OIDC_UNREACHABLE */
  finish(url: URL, pending: PendingLogin): Promise<Identity>
}

/** Seconds by which the provider's clock and ours may differ. */
const skew = 60
/** Milliseconds before the provider's metadata and keys are read anew. */
const memory = 10 * 60_000

/** Authorization code flow with PKCE, state and nonce (RFC 6749, RFC 7636, OpenID Connect Core 1.0 section 3.1). */
export function oidcProvider(settings: OidcSettings, redirectUri: string): OidcProvider {
  let known: { at: number; configuration: Promise<Configuration> } | undefined

  async function configuration(): Promise<Configuration> {
    if (known === undefined || Date.now() - known.at > memory) {
      const metadata = { client_secret: settings.clientSecret, [clockTolerance]: skew }
      const execute = settings.allowHttp === true ? [allowInsecureRequests] : []
      const found = discovery(new URL(settings.issuer), settings.clientId, metadata, undefined, {
        execute,
        timeout: 10,
      })
      known = { at: Date.now(), configuration: found }
      // the next one tries again
      found.catch(() => {
        known = undefined
      })
    }
    return await known.configuration.catch((cause: Error) => {
      throw new ApiError(502, 'OIDC_UNREACHABLE', 'the identity provider does not answer', {
        why: 'its configuration cannot be read',
        fix: 'try again, or log in with a password',
        cause,
      })
    })
  }

  return {
    async begin() {
      const config = await configuration()
      const pending = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() }
      const url = buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: 'openid profile email',
        state: pending.state,
        nonce: pending.nonce,
        code_challenge: await calculatePKCECodeChallenge(pending.verifier),
        code_challenge_method: 'S256',
      })
      return { url, pending }
    },

    async finish(url, { state, nonce, verifier }) {
      const config = await configuration()
      try {
        const tokens = await authorizationCodeGrant(config, url, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        })
        const claims = tokens.claims()
        if (claims === undefined) throw new Error('there is no ID token')
        const name =
          text(claims.preferred_username) ??
          (config.serverMetadata().userinfo_endpoint === undefined
            ? undefined
            : text((await fetchUserInfo(config, tokens.access_token, claims.sub)).preferred_username))
        return { issuer: claims.iss, subject: claims.sub, name }
      } catch (cause) {
        throw new ApiError(401, 'OIDC_REFUSED', 'the identity provider did not confirm who you are', {
          fix: 'log in again',
          cause,
        })
      }
    },
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
