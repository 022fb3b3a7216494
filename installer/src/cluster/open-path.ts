import { Readable } from 'node:stream'
import { HttpMethod, type KubeConfig, RequestContext } from '@kubernetes/client-node'
import { fetch } from 'undici'

/** bytes of a refusal that are read */
const refusalLimit = 64 * 1024

/**
 * Asks the API server for a path and gives its answer as it comes, where the client's own calls would hold all of it.
 * @throws whatever a failed connection throws; `{code, body}`, as the client does, where the status is not 2xx
 */
export async function openPath(config: KubeConfig, path: string, signal: AbortSignal): Promise<Readable> {
  const url = new URL(path, `${config.getCurrentCluster()?.server.replace(/\/+$/, '')}/`)
  // servers behind a path (Rancher) keep it
  url.pathname = `${new URL(config.getCurrentCluster()?.server ?? '').pathname.replace(/\/+$/, '')}${url.pathname}`
  const request = new RequestContext(url.toString(), HttpMethod.GET)
  await config.applySecurityAuthentication(request)
  const dispatcher = request.getDispatcher()
  const response = await fetch(url, {
    headers: request.getHeaders(),
    signal,
    redirect: 'manual',
    ...(dispatcher && { dispatcher }),
  })
  const body = response.body ? Readable.fromWeb(response.body) : Readable.from([])
  if (response.ok) return body
  let text = ''
  for await (const chunk of body.setEncoding('utf8')) {
    text += chunk
    if (text.length > refusalLimit) break
  }
  throw Object.assign(new Error(`status ${response.status}`), { code: response.status, body: text })
}
