/** A label as RFC 1123 has it; Kubernetes wants lower case, and names in other scripts as punycode (xn--). */
const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const exact = new RegExp(`^${label}(?:\\.${label})*$`)
const wildcard = new RegExp(`^\\*(?:\\.${label})+$`)

/** Whether a rule's host may stand in the configuration: '' (any), a DNS name, or `*.` and a DNS name. */
export function isHost(host: string): boolean {
  return host === '' || (host.length <= 253 && (exact.test(host) || wildcard.test(host)))
}

/** Whether a certificate's host (`spec.tls[].hosts`) covers a rule's host. */
export function covers(pattern: string, host: string): boolean {
  if (pattern === host) return true
  return pattern.startsWith('*.') && !host.startsWith('*') && host.slice(host.indexOf('.')) === pattern.slice(1)
}

/**
 * The operand of NGINX's `server_name` for a checked host. A wildcard becomes an expression, since NGINX's own `*.x`
 * matches any depth while an Ingress wildcard stands for exactly one label (networking.k8s.io/v1, IngressRule.host).
 */
export function serverName(host: string): string {
  if (host === '' || !isHost(host)) throw new Error('unchecked host in the configuration')
  return host.startsWith('*.') ? `"~^[a-z0-9_-]+${host.slice(1).replaceAll('.', '[.]')}$"` : `"${host}"`
}
