import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { freePort } from '../fixtures/free-port.ts'
import { type DebianPostgres, startDebianPostgres } from '../integration/database/debian-postgres.ts'
import { logIn } from '../lab/demo-user.ts'
import { release11, release11rewriting } from '../lab/releases/releases.ts'
import { databaseOf } from './database-of.ts'
import { thorough } from './killed-in-each.ts'
import { ask } from './second-user.ts'
import { assertEnded, assertFailed, documents, startUpgradeSite, type UpgradeSite } from './upgrade-site.ts'

let site: UpgradeSite
/** the site's own, beside the cluster */
let postgres: DebianPostgres

async function addUser(username: string): Promise<void> {
  const admin = await logIn(site.platform, 'admin', site.adminPassword)
  await ask(admin, 201, 'POST', '/api/v0/users', { username, password: 'correct horse battery' })
  await admin.close()
}

const database = () => databaseOf(site.ground.site.kubeconfig)
const upgrade = (bundle = '', ...flags: string[]) =>
  site.run(['upgrade', bundle, `--directory=${site.at('backups')}`, '--timeout=1m', '--json', ...flags])

describe('on a PostgreSQL of the site', thorough, () => {
  before(
    async () => {
      const variants = {
        next: release11,
        broken: { ...release11rewriting, version: '1.1.19', change: 'app-fails-after-migration' },
      } as const
      site = await startUpgradeSite(
        variants,
        async ({ files, site: { bastionAddress: host } }) => {
          const port = await freePort()
          const password = randomBytes(12).toString('hex')
          postgres = await startDebianPostgres({ address: host, port, password })
          const passwordFile = `${files.bastion}/database-password`
          await writeFile(passwordFile, password, { mode: 0o600 })
          return { database: { host, port, passwordFile, sslMode: 'disable' } }
        },
        console.log,
      )
      await addUser('ann')
    },
    { timeout: 30 * 60_000 },
  )

  after(async () => {
    await site?.close()
    await postgres?.stop()
  })

  test('an upgrade that fails comes back from its backup, and people can write again', async () => {
    const before = await database()
    assert.deepEqual([before.major, before.stopped], [postgres.major, false])
    assert.match(assertFailed(await upgrade(site.bundles.broken, '--yes'), 'UPGRADE_CAME_BACK'), /nothing was lost/)
    assert.deepEqual(await database(), before)
    await addUser('bert')
  })

  test('it stays where it is, and taken back by hand without a loss', async () => {
    const [plan] = documents<{ steps: { postgres?: object }[]; database: { own: boolean } }>(
      await upgrade(site.bundles.next, '--plan'),
    )
    assert.deepEqual([plan?.database.own, plan?.steps.length, plan?.steps[0]?.postgres], [false, 1, undefined])
    const before = await database()
    assertEnded(await upgrade(site.bundles.next, '--yes'), 0)
    assert.deepEqual(await database(), before)
    await addUser('carl')
    const since = await database()
    assertEnded(await site.run(['rollback', '--yes', '--json']), 0)
    assert.deepEqual(await database(), since)
  })
})
