import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Credentials } from './tokens.ts'

/** How one registry is reached. */
export interface RegistrySettings {
  /** where its API really is: `https://10.0.0.1:5000`, with an optional path before every repository */
  endpoint?: string
  /** CA certificates (PEM) that are trusted beside the system's */
  caPem?: string
  credentials?: Credentials
  /** `NAME` of the program docker-credential-NAME that gives the login, where there are no credentials */
  helper?: string
  /** HTTP without TLS; nothing else allows it */
  plainHttp?: boolean
}

export interface Place {
  /** the real `host[:port]`, for credentials and errors */
  host: string
  origin: URL
  /** path before every repository: `mirror/`, or empty */
  prefix: string
}

/**
 * Where the registry that names call `host` really is. `mirror` is `host[:port][/path]`.
 * @throws SealiftError USAGE_REGISTRY
 */
export function placeOf(host: string, settings: RegistrySettings, mirror: string | undefined): Place {
  const scheme = settings.plainHttp ? 'http' : 'https'
  // the name and the address of Docker Hub differ
  const own = host === 'docker.io' ? 'registry-1.docker.io' : host
  const address = settings.endpoint ?? `${scheme}://${mirror ?? own}`
  const url = URL.canParse(address) ? new URL(address) : undefined
  const problem =
    !url || !/^https?:$/.test(url.protocol) || url.search || url.hash
      ? 'it is not an address'
      : url.username || url.password
        ? 'it holds a user or a password'
        : url.protocol === 'http:' && !settings.plainHttp
          ? 'it is reached without TLS'
          : undefined
  if (!url || problem)
    throw new SealiftError('USAGE_REGISTRY', `the address given for registry ${host} is not acceptable`, {
      why: problem,
      fix: `write it as HOST[:PORT][/PATH], for example --mirror ${host}=10.0.0.1:5000`,
    })
  const path = url.pathname.replace(/^\/+|\/+$/g, '')
  return {
    host: url.host === 'registry-1.docker.io' ? 'docker.io' : url.host,
    origin: new URL(url.origin),
    prefix: path === '' ? '' : `${path}/`,
  }
}
