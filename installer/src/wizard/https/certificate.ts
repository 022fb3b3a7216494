import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { KeyPair } from '../../certificates/issue.ts'
import { readPair, writePair } from '../../certificates/kept-pair.ts'

const day = 86_400_000
/** days; a browser asks again whether to trust a new one */
const lifetime = 397

const name = 'web'

/**
 * The certificate of the browsers' door, kept in a directory, so that a restart changes no fingerprint. The CA that signs
 * it lives for that moment: people compare the fingerprint, nobody is to trust more.
 */
export async function webCertificate(
  directory: string,
  hosts: readonly string[],
): Promise<KeyPair & { fingerprint: string }> {
  const kept = await readPair(directory, name).catch(() => undefined)
  const pair = kept && serves(kept, hosts) ? kept : await make(hosts)
  if (pair !== kept) await writePair(directory, name, pair)
  return { ...pair, fingerprint: new X509Certificate(pair.certificate).fingerprint256 }
}

async function make(hosts: readonly string[]): Promise<KeyPair> {
  // loaded only where something is to be made
  const { createAuthority, issueCertificate } = await import('../../certificates/issue.ts')
  const validity = { from: new Date(Date.now() - day), to: new Date(Date.now() + lifetime * day) }
  return await issueCertificate(await createAuthority('Sealift wizard', hosts, validity), hosts, validity)
}

function serves({ certificate, key }: KeyPair, hosts: readonly string[]): boolean {
  try {
    const cert = new X509Certificate(certificate)
    return (
      cert.checkPrivateKey(createPrivateKey(key)) &&
      cert.validToDate.getTime() > Date.now() + day &&
      hosts.every((host) => (isIP(host) ? cert.checkIP(host) : cert.checkHost(host)) !== undefined)
    )
  } catch {
    return false
  }
}
