/** The modules of Node.js that an attempt takes, given to it since it is text where it runs in a pod. */
export interface Modules {
  crypto: typeof import('node:crypto')
  dns: typeof import('node:dns')
  http: typeof import('node:http')
  net: typeof import('node:net')
  tls: typeof import('node:tls')
}
