import { isIP } from 'node:net'
import { siteNames } from '../install/given-certificate.ts'
import type { Check } from './check.ts'

/** RFC 1123, 2.1: letters, digits and hyphens, 63 in a label, 253 in all; some label in it needs a letter, or it is an address. */
const label = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/

export const hostName: Check = {
  id: 'host-name',
  title: 'The names of the platform are host names',
  protects: 'smoke',
  why: 'Browsers, certificates and DNS take no others, and cookies are not kept for an address or a single word.',
  level: 'error',
  async run({ answers }) {
    const names = siteNames(answers).map((name) => name.replace(/^[*][.]/, ''))
    const bad = names.filter(
      (name) => name.length > 253 || isIP(name) !== 0 || !name.split('.').every((one) => label.test(one)),
    )
    const failed = {
      state: 'failed',
      code: 'CLUSTER_NAMES',
      needed: 'a name such as cde.site.example (RFC 1123)',
    } as const
    if (bad.length > 0)
      return { ...failed, found: `not a host name: ${bad.join(', ')}`, fix: 'answer with another host' }
    const odd = names.filter((name) => !name.includes('.') || /(^|[.])(localhost|local|invalid)$/.test(name))
    if (odd.length > 0)
      return {
        ...failed,
        level: 'warning',
        found: `not a name that a site's DNS usually answers: ${odd.join(', ')}`,
        fix: 'choose one below a domain of the site',
      }
    return { state: 'passed', found: names.join(', ') }
  },
}
