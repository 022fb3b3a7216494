/** A segment that stands for the same in each request: no digest, signature, identifier or anything encoded. */
const steady = /^[A-Za-z0-9._~-]{1,40}$/
/** what a program made up: 16 digits of hex, a UUID, 20 letters with a digit among them */
const madeUp = /[0-9a-f]{16}|[0-9a-f]{8}-[0-9a-f]{4}-|(?=[A-Za-z]*\d)[A-Za-z0-9]{20}/i

/**
 * The beginning of a path, with a `/` at its end, that can be told to others: up to the first segment that belongs to one
 * request alone. `digest`: hex digits that were asked for; their first ones are often a directory, too.
 */
export function steadyDirectory(pathname: string, digest = ''): string {
  const [, ...segments] = pathname.split('/').slice(0, -1)
  const isPart = (segment: string) => segment.length >= 2 && digest.startsWith(segment.toLowerCase())
  const end = segments.findIndex((one) => !steady.test(one) || madeUp.test(one) || isPart(one))
  return ['', ...(end < 0 ? segments : segments.slice(0, end)), ''].join('/')
}

/** A whole path where all of it can be told to others, otherwise its directory. */
export function steadyPath(pathname: string): string {
  const directory = steadyDirectory(`${pathname}/`)
  return directory === `${pathname}/` ? pathname : directory
}

/** What two paths begin with: the same path, or a directory above both. */
export function commonPath(a: string, b: string): string {
  if (a === b) return a
  let end = 0
  while (end < a.length && a[end] === b[end]) end++
  return a.slice(0, a.lastIndexOf('/', end - 1) + 1) || '/'
}
