import { readFile } from 'node:fs/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { openLicensed } from '../../installer/src/license/open.ts'
import { planSeed } from '../../installer/src/seed/seed.ts'
import { openBundleSet } from '../../installer/src/serve/bundle-set.ts'
import { contentsOf } from '../../installer/src/stores/bundle/contents.ts'
import { openBundle } from '../../installer/src/stores/bundle/open.ts'
import { verifyBundle } from '../../installer/src/stores/bundle/verify.ts'
import type { RegistryStore } from '../../installer/src/stores/registry/store.ts'

/**
 * Does one thing with a bundle and prints what it cost: `node costly-child.ts VERB BUNDLE`, with vendor.pub and my.license beside
 * the bundle. Prints one line of JSON: `code` of the failure, CPU seconds, and the largest resident set in MB.
 */
const [verb, path] = process.argv.slice(2) as [keyof typeof verbs, string]
const beside = (name: string) => readFile(new URL(name, `file://${path}`), 'utf8')
const trust = [await beside('vendor.pub')]
const license = await beside('my.license')

/** A registry that has nothing. */
const nothing = async () => {
  throw new SealiftError('REGISTRY_NOT_FOUND', 'nothing is there')
}
const empty = {
  origin: 'an empty registry',
  has: async () => false,
  ...{ resolve: nothing, read: nothing, open: nothing },
} as unknown as RegistryStore

const verbs = {
  verify: async () => verifyBundle(await openBundle(path, trust)),
  inspect: async () => JSON.stringify(await contentsOf(await openBundle(path, trust))),
  serve: () => openBundleSet({ paths: [path], trust, license }),
  seed: async () => {
    const { bundle } = await openLicensed(path, trust, license, 'seed')
    return planSeed({ bundle, to: empty, registry: 'r.example' })
  },
}

const code = await verbs[verb]().then(
  () => undefined,
  (error: unknown) => (error instanceof SealiftError ? error.code : String(error)),
)
const { user, system } = process.cpuUsage()
const line = { code, seconds: (user + system) / 1e6, megabytes: Math.round(process.resourceUsage().maxRSS / 1000) }
process.stdout.write(`${JSON.stringify(line)}\n`, () => process.exit(0))
