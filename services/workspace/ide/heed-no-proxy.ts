/**
 * Flags of Node with which code-server heeds NO_PROXY. VS Code's server asks for everything through the proxy of its
 * environment, whatever NO_PROXY says (platform/request/node/proxy.ts), and a site's own gallery is often one that its proxy
 * does not lead to.
 */
export const heedingNoProxy = (): string[] => [
  '--import',
  `data:text/javascript,${encodeURIComponent(`(${heedNoProxy})()`)}`,
]

/**
 * Puts Node's own agent, which heeds NO_PROXY, in the place of those that lead to the proxy of the environment; one that a
 * person has set in the editor stays. Runs inside code-server: it can use nothing that is outside of it.
 */
function heedNoProxy(): void {
  const { env } = process
  const http_proxy = env.http_proxy || env.HTTP_PROXY || ''
  const https_proxy = env.https_proxy || env.HTTPS_PROXY || http_proxy
  const proxyEnv = { http_proxy, https_proxy, no_proxy: env.no_proxy || env.NO_PROXY || '' }
  const proxies = [http_proxy, https_proxy].map((url) => URL.parse(url)?.href)
  for (const name of ['node:http', 'node:https'] as const) {
    const builtin = process.getBuiltinModule(name)
    const { request, Agent } = builtin
    const agent = new Agent({ keepAlive: true, proxyEnv })
    // biome-ignore lint/suspicious/noExplicitAny: as many arguments as whoever calls it gives
    builtin.request = (...given: any[]) => {
      const [options, ...rest] = given
      const isTheirs = proxies.includes(options?.agent?.proxy?.href ?? '')
      return Reflect.apply(request, builtin, isTheirs ? [{ ...options, agent }, ...rest] : given)
    }
  }
  process.getBuiltinModule('node:module').syncBuiltinESMExports()
}
