/** Letters of a path (RFC 3986, pchar) less quotes, `;`, `$` and `%`: NGINX matches decoded paths, an Ingress encoded ones. */
const allowed = /^\/[A-Za-z0-9/._~!&()*+,=:@-]*$/
const longest = 512

/** Why a path can't stand in the configuration; undefined when it can. */
export function pathFault(path: string): string | undefined {
  if (path.length > longest) return `the path has ${path.length} characters, more than ${longest}`
  if (!path.startsWith('/')) return 'the path does not begin with /'
  if (!allowed.test(path)) return 'the path has characters that are not allowed'
  if (path.includes('//') || /(^|\/)\.{1,2}(\/|$)/.test(path)) return 'the path has empty, "." or ".." elements'
  return undefined
}

/** A prefix without its last slash: `/a/` and `/a` match the same requests (networking.k8s.io/v1, PathType). */
export function normalPrefix(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}
