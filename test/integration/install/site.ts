import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { issueLicense } from '@sealift/bundle-spec/license.ts'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { claims, smallRelease } from '../../fixtures/release.ts'
import { answersText } from './answers-text.ts'

/** A site whose cluster doesn't answer: a bundle, a license, answers. Nothing listens at port 1. */
export async function site(t: TestContext) {
  const directory = await temporaryDirectory(t)
  const at = (name: string) => path.join(directory, name)
  const { options, trust, licenseKey } = await smallRelease(directory)
  await buildBundle(options)
  const license = async (changes = {}, key = licenseKey) =>
    writeFileSync(at('my.license'), await issueLicense(claims(changes), key))
  await license()
  writeFileSync(at('vendor.pub'), trust[0] as string)
  writeFileSync(
    at('kubeconfig'),
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  )
  writeFileSync(at('answers.yaml'), answersText('{kind: serve, address: "127.0.0.1:1/mirror", plainHttp: true}'))
  return { at, license, keys: { signingKey: options.signingKey, trust } }
}
