import type { Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type ProxySettings, proxyFor } from '../../stores/registry/proxy.ts'
import type { ProxyPlace } from './trial.ts'

/**
 * The proxy that leads to an endpoint; undefined where it is reached directly. Whatever is not plain HTTP asks the one for
 * https to connect.
 * @throws SealiftError USAGE_PROXY
 */
export function proxyPlaceFor(
  { scheme, host, port, at }: Pick<Endpoint, 'scheme' | 'host' | 'port' | 'at'>,
  settings: ProxySettings,
): ProxyPlace | undefined {
  if (at === 'site') return undefined
  const url = new URL(`${scheme === 'http' ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`)
  const proxy = proxyFor(url, settings)
  return proxy === undefined ? undefined : readProxyUrl(proxy)
}

/** Where the proxy of a URL is. @throws SealiftError USAGE_PROXY; it does not show the URL, which may hold a password */
export function readProxyUrl(text: string): ProxyPlace {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol))
    throw new SealiftError('USAGE_PROXY', 'what is given as proxy is not its URL', {
      why: 'it is one that begins with http:// or https://',
      fix: 'as in http://proxy.site.example:3128',
    })
  const tls = url.protocol === 'https:'
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || (tls ? 443 : 80)), tls }
}
