import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { V1Secret } from '@kubernetes/client-node'

/** A checked certificate chain and its key. */
export interface Certificate {
  /** file name by content, so that a renewed certificate is a new file and thus a new configuration */
  file: string
  /** PEM: chain, then key */
  pem: string
}

/** Most bytes of a chain or a key. */
const largest = 262_144

/**
 * Reads a Secret of type kubernetes.io/tls. Throws an Error that says what is wrong with it: here, not in `nginx -t`,
 * so that one bad certificate never blocks the others. The message holds nothing of the key.
 */
export function readCertificate(secret: V1Secret): Certificate {
  if (secret.type !== 'kubernetes.io/tls') throw new Error(`its type is ${secret.type}, not kubernetes.io/tls`)
  const chain = pem(secret.data?.['tls.crt'], 'tls.crt')
  const keyText = pem(secret.data?.['tls.key'], 'tls.key')
  const certificate = parse('tls.crt', () => new X509Certificate(chain))
  const key = parse('tls.key', () => createPrivateKey(keyText))
  if (!certificate.checkPrivateKey(key)) throw new Error('tls.key does not belong to tls.crt')
  const blocks = chain.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? []
  const clean = `${blocks.join('\n')}\n${key.export({ type: 'pkcs8', format: 'pem' })}`
  // OpenSSL's own judgement (key too small, damaged intermediate) on exactly the text that NGINX will read.
  parse('tls.crt', () => createSecureContext({ cert: clean, key: clean }))
  return { file: `${createHash('sha256').update(clean).digest('hex').slice(0, 32)}.pem`, pem: clean }
}

function pem(base64: string | undefined, name: string): string {
  if (!base64) throw new Error(`${name} is missing`)
  if (base64.length > largest) throw new Error(`${name} is too large`)
  return Buffer.from(base64, 'base64').toString('latin1')
}

function parse<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'not PEM'
    throw new Error(`${name} can not be read (${code})`)
  }
}
