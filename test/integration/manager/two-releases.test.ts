import assert from 'node:assert/strict'
import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { changesFrom } from '../../../services/manager/events/changes.ts'
import { eventHub, statsChannel } from '../../../services/manager/events/hub.ts'
import { ensureReleaseImage, hasReleaseImage } from '../../../services/manager/images/release-image.ts'
import { releaseImage } from '../../../services/manager/images/store.ts'
import { storeInitialLicense } from '../../../services/manager/licensing.ts'
import { migrate } from '../../../services/manager/migrate.ts'
import { migrationsDirectory } from '../../../services/manager/migration.ts'
import { type Reconciler, startReconciler } from '../../../services/manager/workspaces/reconcile.ts'
import { releaseOrder } from '../../../services/manager/workspaces/release-order.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { accessUrl, licensePublicKey, newSite, type Site, silent } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

const imageOf = (version: string) => `registry.example/cde/workspace:${version}@sha256:${'a'.repeat(64)}`

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 15_000
  while (!(await condition())) {
    assert.ok(performance.now() < end, `waited in vain: ${what}`)
    await sleep(20)
  }
}

/** A replica's reconciler, of a release. */
function reconcilerOf({ database, engine, time }: Site, version: string): Reconciler {
  return startReconciler({
    database,
    engine,
    clock: () => time.now,
    log: silent,
    release: releaseOrder(version),
    begin: () => ensureReleaseImage(database, imageOf(version)),
    every: { idle: 500, busy: 50, follow: 50 },
  })
}

/** Two replicas of one database: `old` and `young`, and what closes the reconcilers of a test, whatever becomes of it. */
async function replicas(
  t: TestContext,
  work: (old: Site, young: Site, started: (one: Reconciler) => Reconciler) => Promise<void>,
) {
  const old = await newSite(t, postgres)
  const young = await old.twin()
  const all: Reconciler[] = []
  try {
    await work(old, young, (one) => {
      all.push(one)
      return one
    })
  } finally {
    await Promise.all(all.map((one) => one.close()))
  }
}

test('a later version is a larger number, and what is none is the smallest', () => {
  const versions = [undefined, '0.1.0', '0.1.1', '0.2.0', '1.0.0', '1.0.10', '1.10.0', '2.0.0-rc.1', '999.999.999']
  const orders = versions.map(releaseOrder)
  assert.deepEqual(
    orders,
    orders.toSorted((a, b) => a - b),
  )
  assert.equal(new Set(orders).size, orders.length)
  assert.equal(releaseOrder('latest'), 0)
  // a number of an advisory lock has 32 bits
  assert.ok(releaseOrder('4294967296.0.0') < 2 ** 31)
})

test('the newest release reconciles: an older one ends what it has in hand, lets go, and takes over again', async (t) => {
  await replicas(t, async (old, young, started) => {
    await old.user('ada')
    const token = await old.logIn('ada')
    const size = { cpu: 1, memoryGiB: 1, diskGiB: 1 }
    const [entered, inHand] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const apply = old.engine.apply
    old.engine.apply = async (spec) => {
      entered.resolve()
      await inHand.promise
      await apply(spec)
    }
    const first = (await old.call(token, 'POST', '/api/v0/workspaces', { name: 'first', ...size })).json().id
    const before = started(reconcilerOf(old, '1.0.0'))
    await entered.promise
    const now = started(reconcilerOf(young, '1.1.0'))
    const handed = now.handedOver()
    assert.equal(await Promise.race([handed.then(() => 'handed over'), sleep(500, 'not yet')]), 'not yet')
    assert.equal(now.leads(), false, 'one at a time')
    inHand.resolve()
    await handed
    await until(() => now.leads() && !before.leads(), 'the new one leads')
    assert.ok(old.engine.specs.has(first), 'what was in hand was finished')

    old.engine.apply = () => assert.fail('the old one applies what the new one wrote')
    const { id } = (await young.call(token, 'POST', '/api/v0/workspaces', { name: 'second', ...size, gpus: 1 })).json()
    now.wake()
    await until(() => young.engine.specs.has(id), 'the new one applies it')
    assert.equal(young.engine.specs.get(id)?.gpus, 1)

    const again = started(reconcilerOf(old, '1.0.0'))
    await again.handedOver()
    await sleep(300)
    assert.deepEqual(
      [before.leads(), again.leads(), now.leads()],
      [false, false, true],
      'another old one changes nothing',
    )
    old.engine.apply = apply
    await now.close()
    await until(() => before.leads() || again.leads(), 'an old one leads again')
  })
})

test('new workspaces are made of the image of the release that leads, whichever replica starts again', async (t) => {
  await replicas(t, async (old, young, started) => {
    const tag = async () => (await releaseImage(old.database))?.defaultTag
    assert.equal(await hasReleaseImage(old.database), true)
    const before = started(reconcilerOf(old, '1.0.0'))
    await until(async () => (await tag()) === '1.0.0', 'the image of 1.0.0')
    const now = started(reconcilerOf(young, '1.1.0'))
    await until(async () => (await tag()) === '1.1.0', 'the image of 1.1.0')
    const again = started(reconcilerOf(old, '1.0.0'))
    await again.handedOver()
    await sleep(300)
    assert.equal(await tag(), '1.1.0', 'an old replica that starts again does not put its own back')
    await before.close()
    await now.close()
    await until(async () => (await tag()) === '1.0.0', 'the image of 1.0.0 once 1.1.0 has gone')
  })
})

test('the license of an installation that starts again does not count as uploaded now', async (t) => {
  const site = await newSite(t, postgres)
  const [older, newer] = [await site.license(), await site.license()]
  const store = (token: string, now: number) => storeInitialLicense(site.database, token, [licensePublicKey], now)
  await store(older, 1_000)
  await store(newer, 2_000)
  await store(older, 3_000)
  const { rows } = await site.database.query('SELECT token FROM licenses ORDER BY uploaded_at')
  assert.deepEqual(
    rows.map(({ token }) => token),
    [older, newer],
  )
})

test('an event that another release understands ends no replica and no connection', async (t) => {
  const site = await newSite(t, postgres)
  const warned: unknown[] = []
  const heard: unknown[] = []
  const changes = changesFrom(site.database, site.engine, { accessUrl, ...site.hosts })
  const log = { warn: (about: unknown) => void warned.push(about) }
  const hub = eventHub(site.database, changes, async () => [], log)
  try {
    hub.subscribe((event) => void heard.push(event))
    await until(() => heard.length > 0, 'it listens')
    for (const payload of ['v2:{}', '{"workspaces":[]}', '[null]', '[{"id":1}]'])
      await site.database.query('SELECT pg_notify($1, $2)', [statsChannel, payload])
    const stats = [{ id: 'abcdefghij', cpu: 1, memoryBytes: 1, gpu: 1 }]
    await site.database.query('SELECT pg_notify($1, $2)', [statsChannel, JSON.stringify(stats)])
    await until(() => heard.length > 1, 'what is understood')
    assert.deepEqual(heard.at(-1), { type: 'stats', stats })
    assert.equal(warned.length, 4)
  } finally {
    await hub.close()
  }
})

test('while a new release migrates and takes over, no request to either of the two fails', async (t) => {
  await replicas(t, async (old, young, started) => {
    const directory = await temporaryDirectory(t)
    await cp(migrationsDirectory, directory, { recursive: true })
    await writeFile(
      join(directory, '900_next.sql'),
      `-- class: additive
-- says: The next release of a test.
ALTER TABLE users ADD COLUMN realm text;
ALTER TABLE sessions ADD COLUMN realm_of text NOT NULL DEFAULT 'here';
ALTER TABLE workspaces ADD COLUMN zone text REFERENCES organizations ON DELETE SET NULL;
CREATE INDEX workspaces_zone ON workspaces (zone);
CREATE TABLE zones (id text PRIMARY KEY, owner text REFERENCES users ON DELETE CASCADE);
-- back:
DROP TABLE zones;
ALTER TABLE workspaces DROP COLUMN zone;
ALTER TABLE sessions DROP COLUMN realm_of;
ALTER TABLE users DROP COLUMN realm;`,
    )
    await old.user('ada', 'site-admin')
    const token = await old.logIn('ada')
    const before = started(reconcilerOf(old, '1.0.0'))
    await until(() => before.leads(), 'the old one leads')
    let over = false
    const counts = new Map<string, number>()
    const client = async (site: Site, name: string) => {
      for (let n = 0; !over; n++) {
        for (const [method, url, body] of [
          ['GET', '/api/v0/workspaces'],
          ['POST', '/api/v0/workspaces', { name: `${name}-${n}`, cpu: 1, memoryGiB: 1, diskGiB: 1 }],
          ['GET', '/api/v0/users'],
          ['POST', '/api/v0/organizations', { name: `${name}-${n}` }],
        ] as const) {
          const answer = await site.call(token, method, url, body)
          assert.ok(answer.statusCode < 300, `${name}: ${method} ${url} ${answer.statusCode} ${answer.body}`)
          counts.set(name, (counts.get(name) ?? 0) + 1)
        }
        const [{ id }] = (await site.call(token, 'GET', '/api/v0/workspaces?limit=1')).json()
        const gone = await site.call(token, 'DELETE', `/api/v0/workspaces/${id}`)
        assert.ok([200, 202, 204, 404].includes(gone.statusCode), gone.body)
      }
    }
    const clients = Promise.all([client(old, 'old'), client(young, 'young')])
    const upgrade = async () => {
      await sleep(300)
      assert.deepEqual(await migrate(young.database, silent, { directory: pathToFileURL(`${directory}/`) }), [
        '900_next.sql',
      ])
      const now = started(reconcilerOf(young, '1.1.0'))
      await now.handedOver()
      await until(() => now.leads(), 'the new one leads')
      await sleep(300)
    }
    await Promise.all([
      clients,
      upgrade().finally(() => {
        over = true
      }),
    ])
    assert.ok((counts.get('old') ?? 0) > 8 && (counts.get('young') ?? 0) > 8, JSON.stringify([...counts]))
  })
})
