import { once } from 'node:events'
import { createServer as createHttp } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { createAuthority, issueCertificate } from '../../../installer/src/certificates/issue.ts'

const day = 86_400_000

/** Servers of the outside, each at a port of 127.0.0.1, with certificates of an authority that only the test trusts. */
export async function outside(t: TestContext, names: readonly string[]) {
  const now = Date.now()
  const whole = { from: new Date(now - day), to: new Date(now + day) }
  const authority = await createAuthority('Authority of the outside', ['127.0.0.1', ...names], whole)
  const past = { from: new Date(now - 3 * day), to: new Date(now - 2 * day) }
  const certified = async (validity = whole, hosts: readonly string[] = names) => {
    const { certificate, key } = await issueCertificate(authority, hosts, validity)
    return { cert: certificate, key }
  }
  const listen = async (server: Server): Promise<number> => {
    const open = new Set<Socket>()
    server.on('connection', (socket: Socket) => {
      open.add(socket.on('error', () => {}))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => {
      server.close()
      for (const socket of open) socket.destroy()
    })
    return (server.address() as AddressInfo).port
  }
  const asked: string[] = []
  const registry = (_: { url?: string | undefined }, answer: import('node:http').ServerResponse) => {
    asked.push(_.url ?? '')
    answer.writeHead(401, { 'www-authenticate': 'Bearer' }).end('{}')
  }
  const speaks = (text: string) => createTcp((socket) => socket.on('error', () => {}).write(text))
  return {
    ca: authority.certificate,
    asked,
    ports: {
      https: await listen(createHttps(await certified(), registry)),
      http: await listen(createHttp((_, answer) => answer.writeHead(302, { location: 'http://b.test/?key=1' }).end())),
      forbids: await listen(createHttp((_, answer) => answer.writeHead(403).end())),
      expired: await listen(createHttps(await certified(past), registry)),
      otherName: await listen(createHttps(await certified(whole, ['127.0.0.1']), registry)),
      ssh: await listen(speaks('SSH-2.0-OpenSSH_9.2\x1b[31m\r\n')),
      babble: await listen(speaks(`${'y'.repeat(20_000)}\n`)),
      silent: await listen(createTcp((socket) => void socket.on('error', () => {}))),
      cuts: await listen(createTcp((socket) => void socket.on('error', () => {}).once('data', () => socket.destroy()))),
    },
  }
}
