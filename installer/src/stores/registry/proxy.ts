import { BlockList, isIP } from 'node:net'

/** URLs of proxies by the scheme of the request, and hosts that are reached without one (as NO_PROXY writes them). */
export interface ProxySettings {
  https?: string | undefined
  http?: string | undefined
  except?: string | undefined
  /** value of Proxy-Authorization; without it a login in the URLs counts */
  authorization?: string | undefined
  /** CAs (PEM) by which the proxy has its own certificate, and those that it makes where it opens TLS */
  caPem?: string | undefined
}

/** HTTPS_PROXY, HTTP_PROXY and NO_PROXY; the lower-case names win, as in curl. */
export function proxyFromEnvironment(env: NodeJS.ProcessEnv): ProxySettings {
  return {
    https: env.https_proxy || env.HTTPS_PROXY || undefined,
    http: env.http_proxy || env.HTTP_PROXY || undefined,
    except: env.no_proxy || env.NO_PROXY || undefined,
  }
}

/**
 * The proxy for a URL, or undefined where it is reached directly. NO_PROXY is read as Go and so containerd read it:
 * `*`, names with their subdomains, addresses, networks (`10.0.0.0/8`), each with an optional port; loopback never goes
 * through a proxy.
 */
export function proxyFor(url: URL, settings: ProxySettings): string | undefined {
  const proxy = url.protocol === 'https:' ? settings.https : settings.http
  if (proxy === undefined) return undefined
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  if (host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))) return undefined
  const direct = (settings.except ?? '').split(/[,\s]+/).some((entry) => matches(entry.toLowerCase(), host, port))
  return direct ? undefined : proxy.includes('://') ? proxy : `http://${proxy}`
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '') return false
  if (entry === '*') return true
  if (entry.includes('/')) return inNetwork(entry, host)
  const [, name = '', entryPort] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? []
  if (entryPort !== undefined && entryPort !== port) return false
  const bare = name.replace(/^\*?\./, '')
  return host === bare || (isIP(host) === 0 && host.endsWith(`.${bare}`))
}

function inNetwork(entry: string, host: string): boolean {
  const [network = '', bits = ''] = entry.split('/', 2)
  const family = isIP(network)
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits)) return false
  const type = family === 4 ? 'ipv4' : 'ipv6'
  if (Number(bits) > (family === 4 ? 32 : 128)) return false
  const list = new BlockList()
  list.addSubnet(network, Number(bits), type)
  return list.check(host, type)
}
