import { checkEndpoints, missing } from '../allowlist/check/check.ts'
import { fromHere } from '../allowlist/check/from-here.ts'
import { trustedBy } from '../allowlist/check/trusted.ts'
import { siteAllowlist } from '../allowlist/site-list.ts'
import { proxyOf } from '../install/proxy-access.ts'
import type { Check } from './check.ts'
import { listed } from './listed.ts'

/** milliseconds for each stage of an attempt: DNS, TCP, the proxy, TLS, the first answer */
const limit = 5000

export const outside: Check = {
  id: 'outside',
  title: 'What has to be reached outside is reached from here',
  protects: 'verify',
  why: 'A firewall or proxy that does not let through what the release needs stops the installation, or a part of the platform later.',
  level: 'warning',
  limit: 60_000,
  async run(context, say) {
    const { answers, signal } = context
    const list = await siteAllowlist(context)
    const endpoints = list.endpoints.filter(({ at }) => at === 'outside')
    const own = list.endpoints.length - endpoints.length
    if (endpoints.length === 0)
      return {
        state: 'passed',
        found: `nothing outside is needed: all ${own} addresses of the allowlist are of this site`,
      }
    say(`trying ${endpoints.length} addresses of the allowlist`)
    const proxy = proxyOf(answers, process.env)
    const ca = trustedBy(answers).join('\n')
    const means = { limit, proxyAuthorization: proxy.authorization, ...(ca === '' ? {} : { ca }) }
    const places = { bastion: fromHere(means, signal) }
    const results = await checkEndpoints({ ...list, endpoints }, { places, proxy })
    const lost = missing(results)
    const reached = results.filter(({ outcome }) => outcome === 'reached').length
    const [first] = lost
    if (!first)
      return {
        state: 'passed',
        found: `${reached} reached from here, ${endpoints.length - reached} of others or not tried: sealift allowlist check tries those too`,
      }
    return {
      state: 'failed',
      code: 'CLUSTER_ALLOWLIST',
      found: listed(
        lost.map(
          ({ id, scheme, host, port, outcome, detail }) => `${id} (${scheme}://${host}:${port}): ${outcome}, ${detail}`,
        ),
      ),
      needed: 'every required address of the allowlist that this machine connects to',
      fix: `${first.fix}; what all of it is for: sealift allowlist generate --answers FILE --format markdown`,
    }
  },
}
