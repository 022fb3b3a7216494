import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import {
  AppsV1Api,
  AuthorizationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  createConfiguration,
  HttpMethod,
  type KubeConfig,
  KubernetesObjectApi,
  Observable,
  type ObservableMiddleware,
  ServerConfiguration,
  StorageV1Api,
  VersionApi,
} from '@kubernetes/client-node'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { newKubeConfig } from '@sealift/kubernetes/kube-config.ts'
import type WebSocket from 'ws'
import { readSmallFile, readSmallText } from '../input/small-file.ts'
import { shellWord } from '../shell-word.ts'
import { clusterFailure, isTransient, statusOf, type Target } from './failure.ts'
import { openPath } from './open-path.ts'
import { openSocket } from './open-socket.ts'

/** How to reach a cluster. Without `kubeconfig` the usual places count: $KUBECONFIG, ~/.kube/config, a pod's own account. */
export interface ClusterAddress {
  kubeconfig?: string | undefined
  context?: string | undefined
}

/** A cluster that can be asked. Nothing is sent before the first request. */
export interface Cluster extends Target {
  readonly address: ClusterAddress
  readonly core: CoreV1Api
  readonly apps: AppsV1Api
  readonly authorization: AuthorizationV1Api
  readonly storage: StorageV1Api
  readonly version: VersionApi
  readonly custom: CustomObjectsApi
  /** objects of any kind */
  readonly objects: KubernetesObjectApi
  /** A request to any path; undefined for an empty answer. For `request` and `find`, as the calls of the clients are. */
  raw<T>(method: Method, path: string, options?: RawOptions): Promise<T>
  /** The same, told as it went, whatever its status: for what is only seen there. Headers have small letters. */
  ask(method: Method, path: string, options?: RawOptions): Promise<Answered>
  readonly signal: AbortSignal
  /** Makes a request, again after a transient failure; `doing` completes "could not …". @throws SealiftError CLUSTER_* */
  request<T>(doing: string, call: () => Promise<T>): Promise<T>
  /** Like `request`, undefined where the object does not exist (404). */
  find<T>(doing: string, call: () => Promise<T>): Promise<T | undefined>
  /** What the API server answers at a path (`/api/v1/…`), as it comes. @throws SealiftError CLUSTER_* */
  open(doing: string, path: string): Promise<Readable>
  /** A WebSocket at a path of the API server, paused. @throws SealiftError CLUSTER_* */
  upgrade(doing: string, path: string, protocol: string): Promise<WebSocket>
  /** The same cluster with the same login, asked until another signal. */
  until(signal: AbortSignal): Cluster
}

type Method = 'GET' | 'DELETE' | 'POST' | 'PUT' | 'PATCH'

/** How a request went; times are milliseconds since 1970 by the clock of this machine. */
export interface Answered {
  status: number
  headers: Record<string, string>
  text: string
  sent: number
  received: number
}

/** What a bare request carries beside its path. */
export interface RawOptions {
  query?: Record<string, string | number | undefined>
  accept?: string
  body?: object
  /** media type of the body; JSON by default */
  type?: string
  /** milliseconds, at most those of any request */
  timeout?: number
}

const requestTimeout = 30_000
const pauses = [300, 1500]

/**
 * Reads the kubeconfig and prepares clients that end with `signal` and give up on a request after 30 seconds.
 * @throws SealiftError CLUSTER_KUBECONFIG
 */
export const connectCluster = (address: ClusterAddress, signal: AbortSignal): Cluster =>
  clusterWith(readKubeConfig(address), address, signal)

function clusterWith(config: KubeConfig, address: ClusterAddress, signal: AbortSignal): Cluster {
  const server = config.getCurrentCluster()?.server as string
  const options = createConfiguration({
    baseServer: new ServerConfiguration(server, {}),
    authMethods: { default: config },
    middleware: [limitTime(signal)],
  })
  const target: Target = { server, flags: kubectlFlags(address) }

  const attempt = async <T>(call: () => Promise<T>): Promise<T> => {
    for (let i = 0; ; i++)
      try {
        return await call()
      } catch (error) {
        const pause = pauses[i]
        if (signal.aborted || pause === undefined || !isTransient(error)) throw error
        await setTimeout(pause, undefined, { signal })
      }
  }
  const request = <T>(doing: string, call: () => Promise<T>) =>
    attempt(call).catch((error: unknown) => {
      throw signal.aborted ? signal.reason : clusterFailure(error, doing, target)
    })
  const ask = async (method: Method, path: string, more: RawOptions = {}): Promise<Answered> => {
    const context = options.baseServer.makeRequestContext(path, HttpMethod[method])
    context.setHeaderParam('Accept', more.accept ?? 'application/json')
    for (const [name, value] of Object.entries(more.query ?? {}))
      if (value !== undefined) context.setQueryParam(name, String(value))
    if (more.body) {
      context.setHeaderParam('Content-Type', more.type ?? 'application/json')
      context.setBody(JSON.stringify(more.body))
    }
    await config.applySecurityAuthentication(context)
    context.setSignal(AbortSignal.any([signal, AbortSignal.timeout(more.timeout ?? requestTimeout)]))
    const sent = Date.now()
    const { httpStatusCode: status, headers, body } = await options.httpApi.send(context).toPromise()
    const text = await body.text()
    return { status, headers, text, sent, received: Date.now() }
  }
  return {
    ...target,
    address,
    core: new CoreV1Api(options),
    apps: new AppsV1Api(options),
    authorization: new AuthorizationV1Api(options),
    storage: new StorageV1Api(options),
    version: new VersionApi(options),
    custom: new CustomObjectsApi(options),
    objects: new KubernetesObjectApi(options),
    ask,
    async raw<T>(method: Method, path: string, more: RawOptions = {}): Promise<T> {
      const { status, headers, text } = await ask(method, path, more)
      // as the clients' own failures: statusOf and clusterFailure read code and body
      if (status >= 300) throw Object.assign(new Error(`status ${status}`), { code: status, body: text })
      return (text === '' ? undefined : headers['content-type']?.includes('json') ? JSON.parse(text) : text) as T
    },
    signal,
    request,
    find: (doing, call) =>
      request(doing, async () => {
        try {
          return await call()
        } catch (error) {
          if (statusOf(error) === 404) return undefined
          throw error
        }
      }),
    open: (doing, path) => request(doing, () => openPath(config, path, signal)),
    upgrade: (doing, path, protocol) => request(doing, () => openSocket(config, path, protocol, signal)),
    until: (other) => clusterWith(config, address, other),
  }
}

const fix = 'name the file and the context: kubeconfig and context in the answers'

/** The contexts that a kubeconfig has, and which one counts where none is named. @throws SealiftError CLUSTER_KUBECONFIG */
export function contextsOf(address: ClusterAddress): { all: string[]; current: string | undefined } {
  const config = loadKubeConfig(address)
  return { all: config.contexts.map(({ name }) => name), current: config.getCurrentContext() || undefined }
}

function loadKubeConfig({ kubeconfig }: ClusterAddress): KubeConfig {
  const config = newKubeConfig()
  try {
    for (const file of kubeconfig === undefined ? defaultKubeConfigs() : [kubeconfig])
      readSmallText(file, limits.kubeconfig, (why) => new Error(`${file}: ${why}`))
    if (kubeconfig === undefined) config.loadFromDefault()
    else config.loadFromFile(kubeconfig)
  } catch (cause) {
    throw new SealiftError('CLUSTER_KUBECONFIG', `${fileOf({ kubeconfig })} cannot be read as a kubeconfig`, {
      why: String((cause as Error).message).split('\n')[0],
      fix,
      cause,
    })
  }
  return config
}

/** The files that the client looks into where none is named. */
function defaultKubeConfigs(): string[] {
  const named = process.env.KUBECONFIG?.split(path.delimiter).filter((file) => file !== '') ?? []
  const own = path.join(homedir(), '.kube', 'config')
  return named.length > 0 ? named : existsSync(own) ? [own] : []
}

const fileOf = ({ kubeconfig }: ClusterAddress): string => kubeconfig ?? 'the default kubeconfig'

function readKubeConfig(address: ClusterAddress): KubeConfig {
  const { kubeconfig, context } = address
  const config = loadKubeConfig(address)
  const file = fileOf(address)
  if (context !== undefined) {
    if (config.getContextObject(context) === null)
      throw new SealiftError('CLUSTER_KUBECONFIG', `${file} has no context "${context}"`, {
        why: `its contexts: ${config.contexts.map((c) => c.name).join(', ') || 'none'}`,
        fix,
      })
    config.setCurrentContext(context)
  }
  const cluster = config.getCurrentCluster()
  // the client's own last resort when it found nothing
  if (
    !cluster ||
    (kubeconfig === undefined && cluster.name === 'cluster' && cluster.server === 'http://localhost:8080')
  )
    throw new SealiftError('CLUSTER_KUBECONFIG', `${file} does not say which cluster to use`, { fix })
  const user = config.getCurrentUser()
  // the client reads them at each request, and would wait for a pipe
  for (const named of [cluster.caFile, user?.certFile, user?.keyFile])
    if (named)
      readSmallFile(named, limits.smallFile, (why, cause) => {
        const message = `${file} names a file that cannot be read: ${named}`
        return new SealiftError('CLUSTER_KUBECONFIG', message, { why, fix: `ls -l ${shellWord(named)}`, cause })
      })
  if (!cluster.server.startsWith('https:') && !cluster.skipTLSVerify)
    throw new SealiftError('CLUSTER_KUBECONFIG', `${file} names a server without TLS: ${cluster.server}`, {
      why: 'credentials would be readable on the way',
      fix: 'name the address that begins with https://',
    })
  return config
}

function kubectlFlags({ kubeconfig, context }: ClusterAddress): string {
  return [
    kubeconfig === undefined ? '' : ` --kubeconfig ${shellWord(kubeconfig)}`,
    context === undefined ? '' : ` --context ${shellWord(context)}`,
  ].join('')
}

function limitTime(signal: AbortSignal): ObservableMiddleware {
  return {
    pre: (context) => {
      context.setSignal(AbortSignal.any([signal, AbortSignal.timeout(requestTimeout)]))
      return new Observable(Promise.resolve(context))
    },
    post: (context) => new Observable(Promise.resolve(context)),
  }
}
