import { proxyFor, proxyFromEnvironment } from '../stores/registry/proxy.ts'
import type { Check } from './check.ts'

export const proxy: Check = {
  id: 'proxy',
  title: 'Nothing of this site goes through a proxy',
  protects: 'deploy',
  why: 'A proxy for the outside does not reach the API, the registry or the platform, or cuts long connections to them.',
  level: 'warning',
  async run({ cluster, answers }) {
    const { plainHttp, address } = answers.registry
    const registry = address.split('/', 1)[0] as string
    const places = [
      { what: 'the API of Kubernetes', url: serverOf(cluster) },
      { what: 'the registry', url: `${plainHttp ? 'http' : 'https'}://${registry}` },
      { what: 'the platform', url: `https://${answers.host}` },
    ]
    const settings = proxyFromEnvironment(process.env)
    const through = places.flatMap(({ what, url }) => {
      const by = url !== undefined && URL.canParse(url) ? proxyFor(new URL(url), settings) : undefined
      return by === undefined ? [] : [{ what, host: new URL(url as string).hostname }]
    })
    const failed = { state: 'failed', code: 'CLUSTER_PROXY' } as const
    if (through.length > 0)
      return {
        ...failed,
        found: `by HTTP_PROXY and HTTPS_PROXY of this machine: ${through.map(({ what, host }) => `${what} (${host})`).join(', ')}`,
        needed: 'these hosts in NO_PROXY',
        fix: `export NO_PROXY="$NO_PROXY,${through.map(({ host }) => host).join(',')}"`,
      }
    const given = [answers.proxy?.http, answers.proxy?.https].filter((url) => url !== undefined)
    const local = given.find((url) => /^(localhost|127\.|\[::1\])/.test(URL.canParse(url) ? new URL(url).hostname : ''))
    if (local !== undefined)
      return {
        ...failed,
        found: `the answers name a proxy that is each pod itself: ${local}`,
        needed: 'an address that pods reach',
        fix: 'answer with the address of the proxy in the network of the site',
      }
    const named = given.length > 0 ? `; the platform's own: ${given[0]}` : ''
    return { state: 'passed', found: `${settings.http || settings.https ? 'none of it' : 'no proxy here'}${named}` }
  },
}

function serverOf(cluster: () => { server: string }): string | undefined {
  try {
    return cluster().server
  } catch {
    return undefined
  }
}
