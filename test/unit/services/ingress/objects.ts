import type { V1EndpointSlice, V1Ingress, V1Secret, V1Service } from '@kubernetes/client-node'
import { type Compiled, compile, type Objects } from '../../../../services/ingress/compile.ts'
import type { Places } from '../../../../services/ingress/preamble.ts'
import { render } from '../../../../services/ingress/render.ts'

const namespace = 'cde'

/** An Ingress that sends `paths` of each host to services; a path that ends in ` =` is Exact. */
export function ingress(
  name: string,
  rules: Record<string, Record<string, string>>,
  options: { tls?: { hosts?: string[]; secretName: string }[]; age?: number; fallback?: string } = {},
): V1Ingress {
  const backend = (service: string) => ({ service: { name: service, port: { number: 80 } } })
  return {
    metadata: { name, namespace, creationTimestamp: new Date(1e12 - (options.age ?? 0) * 1000) as never },
    spec: {
      ingressClassName: 'cde',
      ...(options.tls && { tls: options.tls }),
      ...(options.fallback && { defaultBackend: backend(options.fallback) }),
      rules: Object.entries(rules).map(([host, paths]) => ({
        ...(host && { host }),
        http: {
          paths: Object.entries(paths).map(([path, service]) => ({
            path: path.replace(/ =$/, ''),
            pathType: path.endsWith(' =') ? 'Exact' : 'Prefix',
            backend: backend(service),
          })),
        },
      })),
    },
  }
}

export function service(name: string): V1Service {
  return { metadata: { name, namespace }, spec: { ports: [{ name: 'http', port: 80, targetPort: 'http' }] } }
}

export type Endpoint = { address: string; ready?: boolean; serving?: boolean; terminating?: boolean }

export function slice(name: string, endpoints: Endpoint[], port = 8080, family = 'IPv4'): V1EndpointSlice {
  return {
    metadata: { name: `${name}-1`, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: family,
    ports: [{ name: 'http', port }],
    endpoints: endpoints.map(({ address, ...conditions }) => ({ addresses: [address], conditions })),
  }
}

export function secret(name: string, certificate: string, key: string): V1Secret {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  return {
    metadata: { name, namespace },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(certificate), 'tls.key': base64(key) },
  }
}

/** Services `a`, `b`, `c` with one pod each, and what the test gives. */
export function world(objects: Partial<Objects>): Objects {
  return {
    ingresses: [],
    services: ['a', 'b', 'c'].map(service),
    slices: ['a', 'b', 'c'].map((name, index) => slice(name, [{ address: `10.0.0.${index + 1}` }])),
    secrets: [],
    ...objects,
  }
}

export const places: Places = {
  http: ['127.0.0.1:8080'],
  https: ['127.0.0.1:8443'],
  streamAddresses: ['127.0.0.1'],
  streamConnectionsPerClient: 512,
  streamModule: '/usr/lib/nginx/modules/ngx_stream_module.so',
  statusSocket: '/run/nginx/status.sock',
  pidFile: '/run/nginx/nginx.pid',
  farewellFile: '/run/nginx/farewell',
  tlsFolder: '/run/nginx/tls',
  defaultCertificate: '/run/nginx/tls/default.pem',
  temporary: '/tmp/nginx',
  accessLog: undefined,
  revision: 'r1',
  workers: 2,
  shutdownSeconds: 60,
}

/** Compiles and renders; `reasons` are the texts of what was left out. */
export function configure(objects: Partial<Objects>): { text: string; reasons: string[]; compiled: Compiled } {
  const compiled = compile(world(objects))
  return {
    compiled,
    text: render(compiled.model, places),
    reasons: compiled.refused.map(({ name, reason }) => `${name}: ${reason}`),
  }
}

/** The `server` blocks of a host as written, HTTP first. */
export function serverBlocks(text: string, name: string): string[] {
  return text.split(/^ {2}server \{$/m).filter((block) => block.includes(`server_name ${name};`))
}
