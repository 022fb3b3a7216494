import { once } from 'node:events'
import { createServer, request } from 'node:https'
import { createAuthority, issueCertificate } from '../../../installer/src/install/own-certificate.ts'

/** A proxy before the platform, as many are set up: requests come through, without what would make a WebSocket of them. */
export async function startDeafProxy(
  undo: AsyncDisposableStack,
  { host, address, behind }: { host: string; address: string; behind: string },
): Promise<void> {
  const { certificate, key } = await issueCertificate(await createAuthority([host]), [host])
  const server = createServer({ cert: certificate, key, shouldUpgradeCallback: () => false }, (incoming, outgoing) => {
    const { method, url: path } = incoming
    const options = { host: behind, method, path, headers: { host }, servername: host, rejectUnauthorized: false }
    const forwarded = request(options, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    forwarded.on('error', () => outgoing.destroy())
    incoming.pipe(forwarded)
  })
  server.listen(443, address)
  await once(server, 'listening')
  undo.defer(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
}
