import type { LookupAddress } from 'node:dns'
import type { Socket } from 'node:net'
import type { Modules } from './modules.ts'
import type { Words } from './words.ts'

/** Makes what finds a host and connects to it: the stages `dns` and `tcp`, a part of the program of pods (`parts.ts`). */
export function createConnect({ dns, net }: Modules, limit: number, { end, said, codeOf, seconds, within }: Words) {
  // getaddrinfo holds one of four threads until it ends: who waits for one has not begun
  let free = 3
  const waiting: (() => void)[] = []
  const lookUp = async (host: string): Promise<LookupAddress[]> => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    else free--
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(Object.assign(new Error(), { code: 'EAI_AGAIN' })), limit)
      dns.lookup(host, { all: true }, (error, addresses) => {
        clearTimeout(timer)
        const next = waiting.shift()
        if (next) next()
        else free++
        if (error) reject(error)
        else resolve(addresses)
      })
    })
  }
  const addressesOf = async (host: string): Promise<LookupAddress[]> => {
    const family = net.isIP(host)
    if (family !== 0) return [{ address: host, family }]
    try {
      return await lookUp(host)
    } catch (error) {
      const code = codeOf(error)
      if (code === 'ENOTFOUND' || code === 'EAI_NONAME') throw end('dns', 'no-name', `there is no name ${host}`)
      throw end('dns', 'no-dns', `nobody answers what address ${host} has (${said(code)})`)
    }
  }

  const connectTo = async (host: string, port: number, open: Socket[]): Promise<Socket> => {
    const addresses = await addressesOf(host)
    const shown = addresses
      .slice(0, 4)
      .map(({ address }) => address)
      .join(', ')
    const where = `${shown} at port ${port}`
    return await within(
      () => end('tcp', 'silent', `${where} does not answer in ${seconds}`),
      (signal) =>
        new Promise((resolve, reject) => {
          const socket = net.connect({
            host,
            port,
            lookup: (_host, _options, done) => done(null, addresses),
            autoSelectFamilyAttemptTimeout: Math.ceil(limit / 3),
          })
          open.push(socket)
          signal.addEventListener('abort', () => socket.destroy())
          socket.once('connect', () => resolve(socket))
          socket.on('error', (error) => {
            const code = codeOf(error)
            reject(
              code === 'ECONNREFUSED'
                ? end('tcp', 'refused', `${where} refuses connections`)
                : code === 'ETIMEDOUT'
                  ? end('tcp', 'silent', `${where} does not answer`)
                  : end('tcp', 'unreachable', `no way leads to ${where} (${said(code)})`),
            )
          })
        }),
    )
  }

  return connectTo
}

export type Connect = ReturnType<typeof createConnect>
