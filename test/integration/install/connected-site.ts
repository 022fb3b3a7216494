import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { issueLicense, type LicenseClaims } from '@sealift/bundle-spec/license.ts'
import { readAnswers } from '../../../installer/src/answers/read.ts'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { createAuthority, issueCertificate, type KeyPair } from '../../../installer/src/certificates/issue.ts'
import type { InstallEvent } from '../../../installer/src/install/events.ts'
import { install } from '../../../installer/src/install/install.ts'
import { openInstallation } from '../../../installer/src/install/open.ts'
import { seedRegistry } from '../../../installer/src/seed/seed.ts'
import { openBundle } from '../../../installer/src/stores/bundle/open.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { claims, smallRelease } from '../../fixtures/release.ts'
import { fakeRegistry, storeFor } from '../../unit/installer/registry/fake-registry.ts'

const day = 86_400_000
const validity = { from: new Date(Date.now() - day), to: new Date(Date.now() + day) }
const ca = await createAuthority('public CA of the test', ['127.0.0.1'], validity)
// what systems trust: registries of vendors are not known by a CA of the site
setDefaultCACertificates([...getCACertificates('default'), ca.certificate])

/** A registry that everybody trusts, or who knows its CA. */
export async function tlsRegistry(t: TestContext, signer: KeyPair = ca) {
  const { certificate: cert, key } = await issueCertificate(signer, ['127.0.0.1'], validity)
  return await fakeRegistry(t, { tls: { cert, key }, repositories: { mounts: true } })
}

/**
 * A release that its vendor has published, a registry that it was copied to, and a site that can reach both and whose
 * cluster doesn't answer.
 */
export async function connectedSite(t: TestContext) {
  const directory = await temporaryDirectory(t)
  const at = (name: string) => path.join(directory, name)
  const [vendor, copy] = [await tlsRegistry(t), await tlsRegistry(t)]
  const { options, trust, licenseKey } = await smallRelease(directory, vendor.host)
  const bundle = await openBundle((await buildBundle(options)).path, trust)
  t.after(() => bundle.close())
  const to = storeFor(t, [vendor, copy])
  await seedRegistry({ bundle, to, registry: vendor.host })
  await seedRegistry({ bundle, to, registry: copy.host })
  for (const registry of [vendor, copy]) registry.seen.length = 0
  const license = async (changes: Partial<LicenseClaims> = {}) =>
    writeFile(at('my.license'), await issueLicense(claims(changes), licenseKey))
  await license()
  await writeFile(at('vendor.pub'), trust[0] as string)
  await writeFile(at('ca.crt'), ca.certificate)
  const user = { users: [{ name: 'u', user: {} }], 'current-context': 'x' }
  const clusters = [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }]
  const contexts = [{ name: 'x', context: { cluster: 'c', user: 'u' } }]
  await writeFile(at('kubeconfig'), JSON.stringify({ ...user, clusters, contexts }))
  const answer = async (answers: Record<string, unknown>) => {
    const all = {
      apiVersion: 'sealift.dev/v1',
      kind: 'Answers',
      mode: 'connected',
      license: 'my.license',
      trust: ['vendor.pub'],
      kubeconfig: 'kubeconfig',
      host: 'cde.example',
      ...answers,
    }
    await writeFile(at('answers.yaml'), JSON.stringify(all))
  }
  const release = (registry: { host: string }) => `${registry.host}/cde/charts/cde/release:0.1.0`
  return { at, vendor, copy, bundle, license, answer, release, keys: { signingKey: options.signingKey, trust } }
}

/** Runs an installation as far as it goes: how it ended, and what the stages before that said. */
export async function attempt(answersFile: string) {
  const events: InstallEvent[] = []
  const answers = readAnswers(answersFile)
  const run = async () => {
    const deps = await openInstallation(answers, path.join(path.dirname(answersFile), 'state'))
    try {
      await install(answers, deps, (event) => events.push(event), new AbortController().signal)
    } finally {
      await deps.close()
    }
  }
  const error = await run().then(
    () => undefined,
    (error: SealiftError) => error,
  )
  const stages = events.flatMap((event) => (event.type === 'stage-start' ? [event.stage] : []))
  const said = events.flatMap((event) => (event.type === 'log' ? [event.message] : []))
  return { error, code: error?.code, stages, said }
}
