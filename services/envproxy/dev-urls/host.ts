/** A dev URL's own part of its host name, as the manager makes it. */
const label = /^(?=.{1,63}$)[0-9]{1,5}-[a-z0-9-]{1,61}$/

/**
 * Reads a Host header: the label of a dev URL; `elsewhere` where the name is not below `host`, the site's own among them;
 * undefined for names below it (or it itself) that no dev URL can have. Those must never be served as the site.
 */
export function readHost(header: string | undefined, host: string): { label: string } | 'elsewhere' | undefined {
  const name = (header ?? '').toLowerCase().replace(/:[0-9]*$/, '')
  const plain = name.replace(/\.+$/, '')
  if (plain !== host && !plain.endsWith(`.${host}`)) return 'elsewhere'
  const first = name.endsWith(`.${host}`) ? name.slice(0, -host.length - 1) : ''
  return label.test(first) ? { label: first } : undefined
}
