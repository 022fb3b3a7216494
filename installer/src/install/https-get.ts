import { request } from 'node:https'

export interface Get {
  /** where to connect to */
  address: string
  port: number
  /** the name that is asked for: SNI, certificate check, Host */
  name: string
  path: string
  /** CA that signed the certificate, PEM; without it those that the system knows */
  ca: string | undefined
  signal: AbortSignal
}

export interface Answer {
  status: number
}

/** Asks a server under a name that need not resolve, and tells the status; the body is not read. 10 s at most. */
export function httpsGet({ address, port, name, path, ca, signal }: Get): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request(
      {
        host: address,
        port,
        path,
        servername: name,
        headers: { host: port === 443 ? name : `${name}:${port}`, 'user-agent': 'sealift' },
        signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
        agent: false,
        ...(ca === undefined ? {} : { ca }),
      },
      (response) => {
        resolve({ status: response.statusCode ?? 0 })
        response.destroy()
      },
    )
    asking.on('error', reject)
    asking.end()
  })
}
