import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { logIn } from '../lab/demo-user.ts'
import type { ReleaseVariant } from '../lab/releases/release-variant.ts'
import { release11, release12 } from '../lab/releases/releases.ts'
import { ask } from './second-user.ts'
import { type SiteState, siteState } from './site-state.ts'
import { assertFailed, documents, startUpgradeSite, type UpgradeSite } from './upgrade-site.ts'

let site: UpgradeSite
/** of release 1.0, with what people did in it */
let old: SiteState

const variants = {
  last: release12,
  unpullable: { ...release11, version: '1.1.12', change: 'cannot-be-pulled' },
} satisfies Record<string, ReleaseVariant>
type Name = keyof typeof variants

before(
  async () => {
    site = await startUpgradeSite(variants, {}, console.log)
    await writeSomething('ann')
    old = await siteState(site.kubectl)
  },
  { timeout: 30 * 60_000 },
)

after(() => site?.close())

const command = (name: Name, ...flags: string[]) => [
  ...['upgrade', site.bundles[name] ?? '', '--timeout=60s', `--directory=${site.at('backups')}`],
  ...flags,
]
const going = ['--yes', '--json']

async function writeSomething(username: string): Promise<void> {
  const admin = await logIn(site.platform, 'admin', site.adminPassword)
  await ask(admin, 201, 'POST', '/api/v0/users', { username, password: 'correct horse battery staple' })
  await admin.close()
}

async function assertNothingChanged(): Promise<void> {
  const { rows, schema, objects } = await siteState(site.kubectl)
  assert.deepEqual(schema, old.schema)
  assert.deepEqual(objects, old.objects)
  assert.deepEqual(rows, old.rows)
}

/** A command that fails with a code. Returns what it said. */
async function refused(code: string, name: Name, ...flags: string[]): Promise<string> {
  const words = ['upgrade', site.bundles[name] ?? '', `--directory=${site.at('backups')}`, ...going, ...flags]
  return assertFailed(await site.run(words, 'state'), code)
}

const limit = { timeout: 300_000 }

test('a release that does not follow, and an upgrade where there was none, are refused', limit, async () => {
  assert.match(await refused('UPGRADE_GAP', 'last'), /1\.1\.0/)
  assertFailed(await site.run(['rollback', ...going], 'state'), 'UPGRADE_NO_WAY_BACK')
  await assertNothingChanged()
})

test('an image that no node can unpack ends it before anything changes', limit, async () => {
  const result = await site.run(command('unpullable', ...going), 'state')
  assert.ok(![0, 11].includes(result.exitCode), result.stdout)
  const failed = documents(result).filter(({ type }) => type === 'stage-failed')
  assert.deepEqual(
    failed.map(({ stage }) => stage),
    ['pull'],
    result.stderr,
  )
  await assertNothingChanged()
})
