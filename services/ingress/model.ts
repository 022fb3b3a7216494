/** What NGINX shall do, free of Kubernetes. Every string in it has been checked by the file that put it there. */
export interface Model {
  /** one entry per host; '' is the catch-all for hosts that nobody claims */
  servers: Server[]
  upstreams: Upstream[]
  /** ports whose connections are passed on unread */
  streams: Stream[]
}

export interface Stream {
  /** port to listen on */
  listen: number
  upstream: Upstream
  /** see TcpService */
  proxyProtocol: boolean
}

export interface Server {
  /** exact DNS name, `*.` followed by one, or '' */
  host: string
  routes: Route[]
  /** undefined: HTTP only. `file` undefined: HTTPS with the default certificate, because the real one is missing. */
  tls: { file: string | undefined } | undefined
}

export interface Route {
  path: string
  match: 'exact' | 'prefix'
  /** name of an upstream */
  upstream: string
}

export interface Upstream {
  name: string
  /** `address:port`; none means that the service has no pod that can answer */
  endpoints: string[]
}

/** A part of an object that was left out, and why. The rest of the object and all others are served. */
export interface Refused {
  kind: string
  namespace: string
  name: string
  reason: string
}
