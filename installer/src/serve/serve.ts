import type { Logger } from 'pino'
import type { KeyPair } from '../certificates/issue.ts'
import { type BundleSet, openBundleSet } from './bundle-set.ts'
import { createLibrary, type Library } from './library.ts'
import { type Address, assertFree } from './listen.ts'
import { createMetrics, serveMetrics } from './metrics.ts'
import type { Login } from './password.ts'
import { createRegistryServer } from './server.ts'

export interface ServeOptions {
  /** bundle files, and directories of them */
  paths: readonly string[]
  /** read at the start and at each reload */
  access: () => Promise<{ trust: readonly string[]; license: string }>
  listen: Address
  /** read at the start, at each reload and each day; without it the server speaks plain HTTP */
  certificate?: () => Promise<KeyPair>
  auth?: Login
  /** hand out tokens for the login */
  tokenAuth?: boolean
  /** where metrics can be read */
  metrics?: Address
  log: Pick<Logger, 'info' | 'error'>
  signal?: AbortSignal
  onProgress?: (done: number, total: number) => void
}

export interface Serving {
  address: Address
  /** address of the metrics */
  metrics?: Address
  library: Library
  /** Loads bundles, license, keys and certificate anew; what is wrong is logged and changes nothing. */
  reload(): Promise<void>
  close(grace?: number): Promise<void>
}

const day = 86_400_000

/**
 * Verifies bundles, then serves them. A taken port is found first.
 * @throws SealiftError BUNDLE_*, LICENSE_*, USAGE_*, STORAGE_CERTIFICATES
 */
export async function serveBundles(options: ServeOptions): Promise<Serving> {
  const { paths, access, certificate, auth, log, signal, onProgress } = options
  const stop = new AbortController()
  const load = async (more: { previous?: BundleSet; onProgress?: (done: number, total: number) => void }) =>
    openBundleSet({ paths, ...(await access()), signal: stop.signal, ...more })
  const abort = () => stop.abort(signal?.reason)
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort, { once: true })

  const metrics = createMetrics()
  const startTime = Date.now() / 1000
  let loadTime = startTime
  await assertFree(options.listen)
  const library = createLibrary(await load(onProgress ? { onProgress } : {}), (previous) => load({ previous }), {
    log,
    onReload(loaded) {
      metrics.reload(loaded)
      if (loaded) loadTime = Date.now() / 1000
    },
  })
  let metricsServer: Awaited<ReturnType<typeof serveMetrics>> | undefined
  let timer: NodeJS.Timeout | undefined
  try {
    // after the license has been checked: a refused server leaves no certificate behind
    const tls = await certificate?.()
    const server = createRegistryServer({
      shown: library.shown,
      ...(tls ? { tls } : {}),
      ...(auth ? { auth } : {}),
      ...(options.tokenAuth ? { tokens: (await import('./token.ts')).createTokens() } : {}),
      log,
      metrics,
    })
    const certify = async () => {
      try {
        if (certificate) server.certify(await certificate())
      } catch (error) {
        log.error({ err: error }, 'the certificate cannot be loaded: the one before stays')
      }
    }
    if (options.metrics)
      metricsServer = await serveMetrics(options.metrics, async () => {
        const { bundles, catalog } = library.current()
        return metrics.text({
          bundles: bundles.length,
          repositories: catalog.repositories().length,
          connections: await server.connections(),
          start_time_seconds: startTime,
          last_load_time_seconds: loadTime,
        })
      })
    const address = await server.listen(options.listen)
    // a certificate of our own is made anew before it ends, also when nobody restarts the server for a year
    timer = setInterval(certify, day).unref()
    return {
      address,
      ...(metricsServer ? { metrics: { host: metricsServer.host, port: metricsServer.port } } : {}),
      library,
      async reload() {
        await Promise.all([library.reload(), certify()])
      },
      async close(grace) {
        clearInterval(timer)
        stop.abort()
        await server.close(grace)
        metricsServer?.close()
        await library.close()
      },
    }
  } catch (error) {
    metricsServer?.close()
    await library.close()
    throw error
  }
}
