import type { V1Ingress, V1Secret } from '@kubernetes/client-node'
import { type Certificate, readCertificate } from './certificate.ts'
import { covers } from './host.ts'
import { keyOf } from './key.ts'
import type { Server } from './model.ts'
import { printable } from './printable.ts'

/** Finds the certificates for hosts; collects those in use. */
export interface TlsLookup {
  /** How a host of an Ingress is to be served; `fault` says why its certificate can't be used. */
  find(ingress: V1Ingress, host: string): { tls: Server['tls']; fault: string | undefined }
  certificates(): Certificate[]
}

export function createTlsLookup(secrets: readonly V1Secret[]): TlsLookup {
  const byKey = new Map(secrets.map((secret) => [keyOf(secret), secret]))
  const used = new Map<string, Certificate>()
  return {
    find(ingress, host) {
      // An entry without hosts stands for all hosts of its Ingress.
      const entry = ingress.spec?.tls?.find(
        ({ hosts }) => !hosts?.length || hosts.some((pattern) => covers(pattern, host)),
      )
      if (!entry) return { tls: undefined, fault: undefined }
      const secret = byKey.get(`${ingress.metadata?.namespace}/${entry.secretName}`)
      const name = `the TLS Secret ${printable(entry.secretName ?? '')}`
      if (!secret) return { tls: { file: undefined }, fault: `${name} does not exist; the default certificate serves` }
      try {
        const certificate = readCertificate(secret)
        used.set(certificate.file, certificate)
        return { tls: { file: certificate.file }, fault: undefined }
      } catch (error) {
        const fault = `${name}: ${(error as Error).message}; the default certificate serves`
        return { tls: { file: undefined }, fault }
      }
    },
    certificates: () => [...used.values()],
  }
}
