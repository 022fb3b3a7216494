import { variablesOf } from '../environment.ts'
import { readTcpServices } from './tcp.ts'

/**
 * Reads and checks what the controller is told by its environment, before anything starts.
 * @throws Error that names the variable at fault
 */
export function readEnvironment(env: NodeJS.ProcessEnv) {
  const { optional, required, number, port, list, logLevel } = variablesOf(env)
  return {
    logLevel: logLevel(),
    /** ports of NGINX, and of the controller's own /healthz and /metrics */
    httpPort: port('HTTP_PORT', 8080),
    httpsPort: port('HTTPS_PORT', 8443),
    healthPort: port('HEALTH_PORT', 10_254),
    nginx: {
      binary: optional('NGINX_BINARY') ?? '/usr/sbin/nginx',
      folder: optional('NGINX_FOLDER') ?? '/run/nginx',
      temporary: optional('NGINX_TEMPORARY') ?? '/tmp/nginx',
      streamModule: optional('NGINX_STREAM_MODULE') ?? '/usr/lib/nginx/modules/ngx_stream_module.so',
      workers: number('NGINX_WORKERS', 2, { least: 1, most: 64 }),
    },
    /** for what is open when the pod has to go */
    drainSeconds: number('DRAIN_SECONDS', 14_400, { most: 604_800 }),
    namespace: required('WATCH_NAMESPACE'),
    className: optional('INGRESS_CLASS') ?? 'cde',
    /** an empty one means none; undefined: any Secret of the namespace may be a certificate */
    tlsSecrets: env.TLS_SECRETS === undefined ? undefined : list('TLS_SECRETS'),
    tcp: readTcpServices(optional('TCP_SERVICES') ?? ''),
    /** most connections of one client at the ports of these */
    tcpConnectionsPerClient: number('TCP_CONNECTIONS_PER_CLIENT', 512, { least: 1, most: 65_535 }),
    /** the Service whose addresses are written into the Ingresses; undefined: none are */
    publishService: optional('PUBLISH_SERVICE'),
    podName: optional('POD_NAME') ?? 'cde-ingress',
  }
}
