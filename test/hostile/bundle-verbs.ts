import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { readAnswers } from '../../installer/src/answers/read.ts'
import { buildBundle } from '../../installer/src/build/build.ts'
import { install } from '../../installer/src/install/install.ts'
import { openInstallation } from '../../installer/src/install/open.ts'
import { openLicensed } from '../../installer/src/license/open.ts'
import { planSeed, seedRegistry } from '../../installer/src/seed/seed.ts'
import { openBundleSet } from '../../installer/src/serve/bundle-set.ts'
import { contentsOf } from '../../installer/src/stores/bundle/contents.ts'
import { differenceOf } from '../../installer/src/stores/bundle/difference.ts'
import { openBundle } from '../../installer/src/stores/bundle/open.ts'
import { openFile, readRelease } from '../../installer/src/stores/bundle/release.ts'
import { splitBundle } from '../../installer/src/stores/bundle/split.ts'
import { takeOut } from '../../installer/src/stores/bundle/take-out.ts'
import { verifyBundle, verifyStructure } from '../../installer/src/stores/bundle/verify.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { smallRelease } from '../fixtures/release.ts'
import { fakeRegistry, storeFor } from '../unit/installer/registry/fake-registry.ts'

const signal = new AbortController().signal

/** A release that was built, what is needed to use its bundle, and a registry to seed. */
export async function site(t: TestContext) {
  const directory = await temporaryDirectory(t)
  const { options, trust } = await smallRelease(directory)
  const { path } = await buildBundle(options)
  const good = join(directory, 'good.bundle')
  await writeFile(good, await readFile(path))
  const at = (name: string) => join(directory, name)
  await writeFile(at('vendor.pub'), trust[0] as string)
  await writeFile(at('my.license'), options.license)
  await writeFile(at('kubeconfig'), '{}')
  const fake = await fakeRegistry(t, { repositories: { mounts: true } })
  return { directory, at, path, good, options, trust, fake, to: storeFor(t, [fake]) }
}
export type Site = Awaited<ReturnType<typeof site>>

/**
 * How far a command looks into a bundle: its file, its signed index, all documents and what is there, every byte. A build
 * takes blobs out of an older bundle by their digests, and believes nothing else of it.
 */
export const depths = ['file', 'index', 'structure', 'content'] as const
export type Depth = (typeof depths)[number]

/** Each command that takes a bundle, as far as it goes without a cluster. */
export const verbs: Record<string, { depth: Depth; run(site: Site): Promise<unknown> }> = {
  'bundle verify': {
    depth: 'content',
    async run({ path, trust }) {
      const bundle = await openBundle(path, trust)
      await verifyBundle(bundle).finally(() => bundle.close())
    },
  },
  'bundle inspect': {
    depth: 'structure',
    async run({ path, trust }) {
      const bundle = await openBundle(path, trust)
      await readRelease(bundle)
        .then(() => contentsOf(bundle))
        .finally(() => bundle.close())
    },
  },
  'bundle diff': {
    depth: 'structure',
    async run({ path, good, trust }) {
      const from = await openBundle(good, trust)
      const to = await openBundle(path, trust).catch(async (error) => {
        await from.close()
        throw error
      })
      await differenceOf(from, to).finally(() => Promise.all([from.close(), to.close()]))
    },
  },
  'bundle extract': {
    depth: 'index',
    async run({ path, trust, at }) {
      const bundle = await openBundle(path, trust)
      await readRelease(bundle)
        .then(async () => takeOut(await openFile(bundle, 'tool'), at('tool.out'), 0o644))
        .finally(() => bundle.close())
    },
  },
  'bundle split': {
    depth: 'content',
    run: ({ path, options, trust, at }) =>
      splitBundle({ path, trust, signingKey: options.signingKey, partSize: 4096, out: at('cut.bundle') }),
  },
  'bundle build --reuse': {
    depth: 'file',
    run: ({ path, options, trust, at }) => buildBundle({ ...options, out: at('next.bundle'), reuse: path, trust }),
  },
  serve: {
    depth: 'content',
    async run({ path, trust, options }) {
      const { bundles } = await openBundleSet({ paths: [path], trust, license: options.license })
      await Promise.all(bundles.map((bundle) => bundle.retire()))
    },
  },
  'seed --dry-run': {
    depth: 'structure',
    async run({ path, trust, options, fake, to }) {
      const { bundle } = await openLicensed(path, trust, options.license, 'seed')
      await verifyStructure(bundle)
        .then(() => planSeed({ bundle, to, registry: fake.host }))
        .finally(() => bundle.close())
    },
  },
  'a look at the license': {
    depth: 'index',
    async run({ path, trust, options }) {
      const { bundle } = await openLicensed(path, trust, options.license, 'build')
      await bundle.close()
    },
  },
  seed: {
    depth: 'content',
    async run({ path, trust, options, fake, to }) {
      const { bundle } = await openLicensed(path, trust, options.license, 'seed')
      await verifyStructure(bundle)
        .then(() => seedRegistry({ bundle, to, registry: fake.host }))
        .finally(() => bundle.close())
    },
  },
  install: {
    depth: 'content',
    async run({ at, path }) {
      const answers = `{apiVersion: sealift.dev/v1, kind: Answers, mode: airgapped, bundle: ${path}, license: my.license,
  trust: [vendor.pub], kubeconfig: kubeconfig, registry: {kind: serve, address: "127.0.0.1:1"}, host: cde.example}`
      await writeFile(at('answers.yaml'), answers)
      const deps = await openInstallation(readAnswers(at('answers.yaml')), at('state'))
      const run = install(readAnswers(at('answers.yaml')), deps, () => {}, signal)
      await run
        .finally(() => deps.close())
        .catch((error: SealiftError) => {
          // there is no cluster here: who comes to look for it has passed all checks of the bundle
          if (!error.code.startsWith('CLUSTER_')) throw error
        })
    },
  },
}
