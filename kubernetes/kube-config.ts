import { type DispatcherOptions, KubeConfig } from '@kubernetes/client-node'

type Asked = Parameters<KubeConfig['createDispatcherOptions']>

/** What the client makes of a kubeconfig for a request; it declares the method as private. */
interface Inside {
  createDispatcher(...asked: Asked): unknown
}

/**
 * A kubeconfig of which all requests share their connections, over HTTP/1.1. The client makes a new dispatcher, and so a new
 * TLS connection, for each request; and undici offers HTTP/2, over which Node.js was seen to send without an end, into memory,
 * when such sessions were given up.
 */
export function newKubeConfig(): KubeConfig {
  const config = new SharedConnections()
  const inside = config as unknown as Inside
  const createDispatcher = inside.createDispatcher.bind(config)
  let last: { options: string; dispatcher: unknown } | undefined
  inside.createDispatcher = (...asked) => {
    // what a program of the kubeconfig gave to log in with may be replaced
    const options = JSON.stringify(config.createDispatcherOptions(...asked))
    if (last?.options !== options) last = { options, dispatcher: createDispatcher(...asked) }
    return last.dispatcher
  }
  return config
}

const http1 = { allowH2: false }

class SharedConnections extends KubeConfig {
  override createDispatcherOptions(...asked: Asked): DispatcherOptions {
    const options = super.createDispatcherOptions(...asked)
    switch (options.type) {
      case 'agent':
        return { ...options, connect: { ...options.connect, ...http1 } }
      case 'proxy':
      case 'socks':
        return { ...options, requestTls: { ...options.requestTls, ...http1 } }
      case 'none':
        return { type: 'agent', connect: { keepAlive: true, keepAliveInitialDelay: 30_000, ...http1 } }
    }
  }
}
