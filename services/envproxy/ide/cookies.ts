/** Cookies that the editor itself uses; no other passes in either direction. */
const own = /^(vscode|code-server)[A-Za-z0-9._-]*$/

/** The request's cookies that are the editor's, as a header; undefined for none. */
export function editorCookies(header: string | undefined): string | undefined {
  const kept = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => own.test(pair.split('=')[0] ?? ''))
  return kept.length > 0 ? kept.join('; ') : undefined
}

/**
 * Restricts a `Set-Cookie` of the workspace to its path: the attributes Path and Domain are ours, Secure and SameSite
 * too. Undefined for a cookie that is not the editor's, such as one named like the site's session.
 */
export function confineCookie(value: string, path: string): string | undefined {
  const [pair = '', ...attributes] = value.split(';').map((part) => part.trim())
  if (!own.test(pair.split('=')[0] ?? '')) return undefined
  const kept = attributes.filter((each) => /^(expires|max-age)=|^httponly$/i.test(each))
  return [pair, ...kept, `Path=${path}/`, 'Secure', 'SameSite=Lax'].join('; ')
}
