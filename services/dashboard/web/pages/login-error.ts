import { ApiFailure } from '@sealift/web/request.ts'

const sentences: Record<string, { message: string; fix: string }> = {
  OIDC_UNREACHABLE: {
    message: 'The identity provider does not answer.',
    fix: 'try again in a moment, or log in with a password',
  },
  OIDC_EXPIRED: { message: 'This login took too long or was begun in another browser.', fix: 'log in again' },
  OIDC_REFUSED: { message: 'The identity provider did not confirm who you are.', fix: 'log in again' },
  UPGRADE_READ_ONLY: {
    message: 'The platform is being upgraded: until that is done, nobody can log in.',
    fix: 'try again in a few minutes',
  },
  OIDC_DEACTIVATED: { message: 'Your account here is deactivated.', fix: 'ask a site manager' },
}

/** What the address says about a login through the identity provider that failed, in our own words only. */
export function loginError(search: string): ApiFailure | undefined {
  const code = new URLSearchParams(search).get('login_error')
  const known = code === null || !Object.hasOwn(sentences, code) ? undefined : sentences[code]
  return code === null || known === undefined ? undefined : new ApiFailure(401, { code, ...known })
}
