/** Where someone was going when they had to log in, kept in this tab while they are away at an identity provider. */
const key = 'sealift:next'
/** How long that is worth something, in milliseconds. */
const keptFor = 600_000

/** Keeps what `?next=` says; only the manager's own way to a dev URL is believed, so that no link leads elsewhere. */
export function rememberNext(): void {
  const next = new URLSearchParams(location.search).get('next')
  if (next === null) return
  history.replaceState(null, '', location.pathname)
  if (/^\/auth\/dev-url\?[!-~]{1,8192}$/.test(next)) sessionStorage.setItem(key, `${Date.now()} ${next}`)
}

/** Goes on to where someone was going, if anywhere; says whether it does. */
export function goNext(): boolean {
  const [at, next] = sessionStorage.getItem(key)?.split(' ') ?? []
  sessionStorage.removeItem(key)
  if (next === undefined || Date.now() - Number(at) > keptFor) return false
  location.replace(next)
  return true
}
