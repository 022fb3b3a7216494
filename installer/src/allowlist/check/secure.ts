import type { Socket } from 'node:net'
import type { DetailedPeerCertificate, PeerCertificate, TLSSocket } from 'node:tls'
import type { Modules } from './modules.ts'
import type { Words } from './words.ts'

/** Makes what opens TLS and says by whose certificate: a part of the program of pods (`parts.ts`). */
export function createSecure(
  { crypto, net, tls }: Modules,
  ca: string | undefined,
  { end, said, codeOf, seconds, within }: Words,
) {
  const roots = [...tls.getCACertificates('default'), ...tls.getCACertificates('system'), ...(ca ? [ca] : [])]
  let context: ReturnType<typeof tls.createSecureContext> | undefined
  let publicKeys: Set<string> | undefined

  const nameOf = (one: PeerCertificate['subject'] | undefined): string =>
    said([one?.CN, one?.OU, one?.O].flat().filter(Boolean).join(', '))
  /** The chain that came, and what the trusted roots add to it; the leaf first. */
  const chainOf = (leaf: DetailedPeerCertificate): DetailedPeerCertificate[] => {
    const chain = [leaf]
    for (let at = leaf.issuerCertificate; at && !chain.includes(at) && chain.length < 20; at = at.issuerCertificate)
      chain.push(at)
    return chain
  }
  const keyOf = (certificate: Buffer | string): string =>
    new crypto.X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  /** By the key: a public root may come as a certificate that an older one signed. */
  const isPublic = (chain: readonly PeerCertificate[]): boolean => {
    publicKeys ??= new Set(tls.rootCertificates.map(keyOf))
    return chain.some(({ raw }) => publicKeys?.has(keyOf(raw)))
  }

  /** TLS over a connection; `issuer` where the CA at the top is no public one. */
  const secure = async (socket: Socket, host: string): Promise<{ socket: TLSSocket; issuer?: string }> => {
    context ??= tls.createSecureContext({ ca: roots })
    const secureContext = context
    const opened = await within(
      () => end('tls', 'cut', `the TLS handshake does not end in ${seconds}`),
      (signal) =>
        new Promise<TLSSocket>((resolve, reject) => {
          const servername = net.isIP(host) === 0 ? host : ''
          // judged below; nothing is sent before that
          const over = tls.connect({ socket, servername, host, secureContext, rejectUnauthorized: false })
          signal.addEventListener('abort', () => over.destroy())
          over.once('secureConnect', () => resolve(over))
          over.on('error', (error) => {
            const code = codeOf(error)
            reject(
              /WRONG_VERSION|PACKET_LENGTH|HTTP_REQUEST/.test(code)
                ? end('tls', 'other-protocol', 'what answers there does not speak TLS')
                : end('tls', 'cut', `the connection is cut during the TLS handshake (${said(code || error.message)})`),
            )
          })
          over.once('close', () => reject(end('tls', 'cut', 'the connection is closed during the TLS handshake')))
        }),
    )
    const leaf = opened.getPeerCertificate(true)
    const chain = chainOf(leaf)
    const top = chain.at(-1)
    // of a chain whose root did not come, the root is named all the same
    const issuer = nameOf(top?.issuer) || nameOf(top?.subject) || 'nobody that it names'
    const fault = opened.authorized ? '' : String(opened.authorizationError ?? 'unknown')
    if (fault === '') return isPublic(chain) ? { socket: opened } : { socket: opened, issuer }
    if (/ALTNAME|HOSTNAME/.test(fault))
      throw end(
        'tls',
        'other-name',
        `the certificate is for ${said(leaf.subjectaltname ?? nameOf(leaf.subject))}`,
        issuer,
      )
    if (/EXPIRED|NOT_YET_VALID/.test(fault))
      throw end(
        'tls',
        'expired',
        `the certificate holds from ${said(leaf.valid_from)} to ${said(leaf.valid_to)}`,
        issuer,
      )
    throw end('tls-intercepted', 'unknown-ca', `the certificate comes from ${issuer}`, issuer)
  }

  return secure
}

export type Secure = ReturnType<typeof createSecure>
