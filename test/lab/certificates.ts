import { generateKeyPairSync } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.ts'

/** A certificate and its private key (PKCS #8), PEM files. */
export type Credential = { certificateFile: string; keyFile: string }

export type CertificateRequest = {
  commonName: string
  /** Kubernetes reads it as a group */
  organization?: string
  /** names that a server is reached by */
  dns?: readonly string[]
  /** addresses that a server is reached by */
  ip?: readonly string[]
  usage: readonly ('serverAuth' | 'clientAuth')[]
}

const days = '365'

/** Writes a new P-256 private key, readable by its owner only; returns its public half (SPKI, PEM). */
export async function writeKey(keyFile: string): Promise<string> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await writeFile(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  return publicKey.export({ type: 'spki', format: 'pem' }).toString()
}

/** Creates a certificate authority: `<directory>/<name>.crt` and `.key`. */
export async function createAuthority(directory: string, name: string, commonName: string): Promise<Credential> {
  const extensions = [
    'basicConstraints=critical,CA:TRUE',
    'keyUsage=critical,keyCertSign,cRLSign',
    'subjectKeyIdentifier=hash',
  ]
  return await certify(directory, name, [`CN=${commonName}`], extensions, [])
}

/** Lets `authority` certify a new key: `<directory>/<name>.crt` and `.key`. */
export async function issueCertificate(
  authority: Credential,
  directory: string,
  name: string,
  request: CertificateRequest,
): Promise<Credential> {
  const names = [...(request.dns ?? []).map((name) => `DNS:${name}`), ...(request.ip ?? []).map((ip) => `IP:${ip}`)]
  const extensions = [
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature',
    `extendedKeyUsage=${request.usage.join(',')}`,
    'subjectKeyIdentifier=hash',
    'authorityKeyIdentifier=keyid',
    ...(names.length > 0 ? [`subjectAltName=${names.join(',')}`] : []),
  ]
  const subject = [...(request.organization ? [`O=${request.organization}`] : []), `CN=${request.commonName}`]
  return await certify(directory, name, subject, extensions, [
    '-CA',
    authority.certificateFile,
    '-CAkey',
    authority.keyFile,
  ])
}

async function certify(
  directory: string,
  name: string,
  subject: string[],
  extensions: string[],
  issuer: string[],
): Promise<Credential> {
  await mkdir(directory, { recursive: true })
  const credential = { certificateFile: join(directory, `${name}.crt`), keyFile: join(directory, `${name}.key`) }
  await writeKey(credential.keyFile)
  const config = [
    '[req]',
    'prompt=no',
    'distinguished_name=subject',
    '[subject]',
    ...subject,
    '[extensions]',
    ...extensions,
  ]
  const args = ['-new', '-x509', '-days', days, '-key', credential.keyFile, '-extensions', 'extensions', ...issuer]
  const configFile = join(directory, `${name}.cnf`)
  await writeFile(configFile, `${config.join('\n')}\n`)
  await run('openssl', ['req', ...args, '-config', configFile, '-out', credential.certificateFile])
  return credential
}
