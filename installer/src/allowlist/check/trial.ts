/** One endpoint to try, as plain data. */
export interface Trial {
  scheme: string
  host: string
  port: number
  /** of the request, for http and https */
  path?: string | undefined
  /** the forward proxy that leads there; without it it is reached directly */
  proxy?: ProxyPlace | undefined
}

export interface ProxyPlace {
  host: string
  port: number
  /** it is spoken to with TLS */
  tls: boolean
}

/** What is the same for all that is tried. */
export interface Means {
  /** milliseconds for each stage */
  limit: number
  /** CAs (PEM) that are trusted beside those that Node.js and the machine know */
  ca?: string | undefined
  /** value of Proxy-Authorization */
  proxyAuthorization?: string | undefined
  /** gives up what is under way */
  signal?: AbortSignal
}

/** At which stage it ended; `reached` where it came through all of them. */
export const stages = ['reached', 'dns', 'tcp', 'proxy', 'proxy-login', 'tls-intercepted', 'tls', 'http'] as const
export type Stage = (typeof stages)[number]

/** What within a stage, for what helps. */
export const reasons = [
  ...(['no-name', 'no-dns', 'refused', 'silent', 'unreachable', 'cut', 'other-protocol'] as const),
  ...(['proxy-denies', 'proxy-away', 'proxy-fails', 'no-login', 'wrong-login'] as const),
  ...(['unknown-ca', 'other-name', 'expired', 'block-page'] as const),
]
export type Reason = (typeof reasons)[number]

/** How it went: at most 300 characters of strangers each, on one line, nothing in them that a terminal would act on. */
export interface Attempt {
  stage: Stage
  reason?: Reason
  detail: string
  /** who signed what opens TLS, where that is not a public CA: the top of the chain that came */
  issuer?: string
}
