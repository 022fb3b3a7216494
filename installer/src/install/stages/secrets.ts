import { applySecret, readSecret } from '../../cluster/apply.ts'
import { secretNames } from '../chart-values.ts'
import type { InstallContext } from '../context.ts'
import { databaseSecret } from '../database-secret.ts'
import type { Stage } from '../engine.ts'
import { siteNames } from '../given-certificate.ts'
import { readLicenseFile } from '../license-file.ts'
import { proxySecret } from '../proxy-access.ts'
import { pullSecret } from '../pull-secret.ts'
import { siteCertificate } from '../site-certificate.ts'

interface Wanted {
  name: string
  type: string
  values: Record<string, string>
}

export const secretsStage: Stage<InstallContext> = {
  id: 'secrets',
  title: 'Create license, certificate and registry secrets',
  inPlace: 'all secrets are as they should be',
  async needed(context) {
    const { kept } = await siteCertificate(context)
    return !kept || (await outdated(context, plainSecrets(context))).length > 0
  },
  async run(context, report) {
    const { cluster, answers } = context
    const { kept, certificate } = await siteCertificate(context)
    const { certificate: crt, key, ca } = await certificate()
    const wanted = [
      ...plainSecrets(context),
      {
        name: secretNames.tls,
        type: 'kubernetes.io/tls',
        values: { 'tls.crt': crt, 'tls.key': key, ...(ca ? { 'ca.crt': ca } : {}) },
      },
      ...(ca ? [{ name: secretNames.ca, type: 'Opaque', values: { 'ca.crt': ca } }] : []),
    ]
    for (const { name, type, values } of await outdated(context, wanted)) {
      await applySecret(cluster(), answers.namespace, name, type, values)
      report.info(`secret ${name}`)
    }
    if (!kept && answers.tls === undefined)
      report.warn(
        `the certificate of ${answers.host} is by a CA of its own, for these names only: ${siteNames(answers).join(', ')}. Give browsers the ca.crt of secret ${secretNames.ca}; its key is ${context.stateDir}/ca.key`,
      )
  },
}

/** Those secrets that do not depend on what the cluster has. */
function plainSecrets({ answers }: InstallContext): Wanted[] {
  const pull = pullSecret(answers)
  const database = databaseSecret(answers)
  const proxy = proxySecret(answers)
  return [
    { name: secretNames.license, type: 'Opaque', values: { license: readLicenseFile(answers.license) } },
    ...(pull ? [{ name: secretNames.registry, ...pull }] : []),
    ...(database ? [{ name: secretNames.database, type: 'Opaque', values: database }] : []),
    ...(proxy ? [{ name: secretNames.proxy, type: 'Opaque', values: proxy }] : []),
  ]
}

async function outdated({ cluster, answers }: InstallContext, wanted: readonly Wanted[]): Promise<Wanted[]> {
  const checked = await Promise.all(
    wanted.map(async (secret) => {
      const there = await readSecret(cluster(), answers.namespace, secret.name)
      return Object.entries(secret.values).every(([key, value]) => there?.[key] === value) ? [] : [secret]
    }),
  )
  return checked.flat()
}
