/** A cookie of the site: its name and what it is set and cleared with. */
type SiteCookie = {
  name: string
  options: { path: '/'; httpOnly: true; secure: true; sameSite: 'strict' | 'lax' }
}

/**
 * Every cookie that the manager sets. `__Host-` keeps pages of other hosts from setting one for the domain they share with
 * the site (RFC 6265bis, section 4.1.3.2): those of dev URLs are made by users, who would log others in as themselves.
 * Browsers take it over https only.
 */
export function siteCookies(accessUrl: string): Record<'session' | 'oidcLogin', SiteCookie> {
  const prefix = accessUrl.startsWith('https:') ? '__Host-' : ''
  const cookie = (name: string, sameSite: 'strict' | 'lax'): SiteCookie => ({
    name: prefix + name,
    options: { path: '/', httpOnly: true, secure: true, sameSite },
  })
  return {
    session: cookie('session_token', 'strict'),
    // the provider's page sends the person back, and a strict cookie would stay behind
    oidcLogin: cookie('oidc_login', 'lax'),
  }
}
