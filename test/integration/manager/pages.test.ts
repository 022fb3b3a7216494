import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Reach } from '../../../services/manager/authorization.ts'
import type { Queryable } from '../../../services/manager/database.ts'
import { listWorkspaces } from '../../../services/manager/workspaces/store.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { pagesOf } from './pages.ts'
import { newSite, type Site } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

type Named = { id: string; name: string; username: string; createdAt: string }

/** Workspaces of one owner in one organization, several of each moment. */
const fill = (site: Site, owner: string, organization: string, amount: number, prefix = 'w') =>
  site.database.query(
    `INSERT INTO workspaces (id, owner_id, organization_id, name, image, cpu_milli, memory_gib, disk_gib, desired,
       applied_generation, created_at, updated_at)
     SELECT $4 || lpad(n::text, 9, '0'), $1, $2, $4 || n, 'r/i', 1, 1, 1, 'off', 1,
       '2026-01-01'::timestamptz + n / 7 * interval '1.000001 s', now()
     FROM generate_series(1, $3) AS n`,
    [owner, organization, amount, prefix],
  )

async function people(site: Site) {
  await site.user('root', 'site-admin')
  const ada = await site.user('ada')
  const bob = await site.user('bob')
  return { ada, bob, admin: await site.logIn('root'), member: await site.logIn('ada') }
}

test('workspaces come in pages, newest first, each once, though some are of the same moment and others come and go', async (t) => {
  const site = await newSite(t, postgres)
  const { ada, bob, admin, member } = await people(site)
  await fill(site, ada.id, 'default000', 230)
  await fill(site, bob.id, 'default000', 20, 'b')
  const pages = await pagesOf<Named>(site, admin, '/api/v0/workspaces')
  assert.deepEqual(
    pages.map((page) => page.length),
    [100, 100, 50],
  )
  const all = pages.flat()
  assert.equal(new Set(all.map(({ id }) => id)).size, 250)
  assert.deepEqual(
    all.map(({ createdAt, id }) => `${createdAt} ${id}`),
    all
      .map(({ createdAt, id }) => `${createdAt} ${id}`)
      .toSorted()
      .reverse(),
  )
  const own = await pagesOf<Named>(site, member, '/api/v0/workspaces?limit=77')
  assert.deepEqual(
    own.map((page) => page.length),
    [77, 77, 76],
    'nobody else counts',
  )
  const [, second] = await pagesOf<Named>(site, member, '/api/v0/workspaces')
  const first = await site.call(member, 'GET', '/api/v0/workspaces')
  const last = first.json().at(-1).id
  await site.database.query(`DELETE FROM workspaces WHERE id = $1`, [last])
  await fill(site, ada.id, 'default000', 1, 'z')
  const link = /<(.+)>/.exec(first.headers.link?.toString() ?? '')?.[1] ?? ''
  assert.deepEqual(
    (await site.call(member, 'GET', link)).json(),
    second,
    'where the page ended is no row that has to stay',
  )
})

test('lists are bounded whatever is asked for, and searched by a part of a name on the server', async (t) => {
  const site = await newSite(t, postgres)
  const { ada, admin, member } = await people(site)
  await fill(site, ada.id, 'default000', 600)
  const count = async (query: string) => (await site.call(admin, 'GET', `/api/v0/workspaces?${query}`)).json().length
  assert.deepEqual([await count(''), await count('limit=7'), await count('limit=99999')], [100, 7, 500])
  const found = (await pagesOf<Named>(site, admin, '/api/v0/workspaces?name=W59&limit=6')).flat()
  assert.deepEqual(found.map(({ name }) => name).sort(), ['w59', ...Array.from({ length: 10 }, (_, n) => `w59${n}`)])
  assert.equal(await count('name=AD&limit=500'), 500, 'by owner too')
  assert.equal(await count('name=%25'), 0, 'it is no pattern')
  for (const bad of [
    'limit=0',
    'limit=-1',
    'limit=x',
    'after=x',
    'after=1',
    "after=1-aaaaaaaaaa'",
    'after=99999999999999999-aaaaaaaaaa',
    'name=%00',
    'offset=3',
  ]) {
    const answer = await site.call(member, 'GET', `/api/v0/workspaces?${bad}`)
    const code = bad.includes('%00') ? 'INPUT_CHARACTER' : 'INPUT_INVALID'
    assert.deepEqual([answer.statusCode, answer.json().code], [400, code], bad)
  }
  assert.equal(
    (await site.call(member, 'GET', '/api/v0/workspaces?after=9999999999999999-zzzzzzzzzz')).json().length,
    100,
  )
})

test('users, members, organizations, images and dev URLs come in pages of the same kind', async (t) => {
  const site = await newSite(t, postgres)
  const { ada, admin, member } = await people(site)
  await site.database.query(
    `INSERT INTO users (id, username, role) SELECT lpad(n::text, 10, 'u'), 'user-' || n, 'site-member'
     FROM generate_series(1, 25) AS n`,
  )
  await site.database.query(`INSERT INTO members SELECT 'default000', id, 'organization-member' FROM users
    ON CONFLICT DO NOTHING`)
  await site.database.query(`INSERT INTO organizations (id, name) SELECT lpad(n::text, 10, 'o'), 'org-' || n
    FROM generate_series(1, 25) AS n`)
  await site.database.query(`INSERT INTO images (id, registry_id, repository, name, default_tag)
    SELECT lpad(n::text, 10, 'i'), (SELECT id FROM registries), 'r' || n, 'Image & <' || n || '>', 'x'
    FROM generate_series(1, 25) AS n`)
  await fill(site, ada.id, 'default000', 2)
  await site.database.query(`INSERT INTO dev_urls (id, workspace_id, port, access, label, created_at)
    SELECT lpad(n::text, 10, 'd'), 'w00000000' || 1 + n % 2, n, 'private', n || '-w', now()
    FROM generate_series(1, 25) AS n`)
  for (const [path, total] of [
    ['/api/v0/users', 28],
    ['/api/v0/organizations/default000/members', 28],
    ['/api/v0/organizations', 26],
    ['/api/v0/images', 26],
    ['/api/v0/dev-urls', 25],
  ] as const) {
    const pages = await pagesOf<Named>(site, admin, `${path}?limit=10`)
    assert.deepEqual(
      pages.map((page) => page.length),
      [10, 10, total - 20],
      path,
    )
    const whole = (await pagesOf<Named>(site, admin, path)).flat()
    assert.deepEqual(pages.flat(), whole, path)
    assert.equal(new Set(whole.map(({ id }) => id)).size, total, path)
  }
  const [images] = await pagesOf<Named & { releaseImage: boolean }>(site, admin, '/api/v0/images')
  assert.equal(images?.[0]?.releaseImage, true, 'the image of the release leads the list')
  const sought = await pagesOf<Named>(site, admin, '/api/v0/users?name=ER-2&limit=4')
  assert.deepEqual(
    sought.map((page) => page.map(({ username }) => username)),
    [
      ['user-2', 'user-20', 'user-21', 'user-22'],
      ['user-23', 'user-24', 'user-25'],
    ],
  )
  const devUrls = await pagesOf(site, member, '/api/v0/dev-urls?workspace=w000000001&limit=10')
  assert.equal(devUrls.flat().length, 12, 'the filter goes along')
  const full = await site.call(admin, 'GET', '/api/v0/users?limit=28')
  assert.equal(full.headers.link, undefined, 'a page that ends the list leads nowhere')
})

test('a page of ten thousand workspaces is read by an index, not by sorting them all', async (t) => {
  const site = await newSite(t, postgres)
  const { ada, bob } = await people(site)
  await site.database.query(`INSERT INTO organizations (id, name) VALUES ('yard000000', 'yard')`)
  await fill(site, bob.id, 'default000', 9000)
  await fill(site, bob.id, 'yard000000', 980, 'y')
  await fill(site, ada.id, 'yard000000', 20, 'a')
  await site.database.query('ANALYZE')
  const plan = async (within: Reach, after?: string, name?: string): Promise<string> => {
    let text = ''
    const explain = {
      async query(sql: string, values: unknown[]) {
        const { rows } = await site.database.query(
          `EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, SUMMARY OFF, TIMING OFF) ${sql}`,
          values,
        )
        text = rows.map((row) => row['QUERY PLAN']).join('\n')
        return { rows: [] }
      },
    } as unknown as Queryable
    await listWorkspaces(explain, within, { after, limit: 100 }, name)
    return text
  }
  const middle = `${Date.parse('2026-01-01T00:10:00Z')}000-w000004000`
  const org = { all: false, ownerId: ada.id, organizationIds: ['yard000000'] } as const
  const own = { all: false, ownerId: ada.id, organizationIds: [] } as const
  const plans = {
    'all, first page': await plan({ all: true }),
    'all, a page in the middle': await plan({ all: true }, middle),
    'all, searched': await plan({ all: true }, undefined, 'w8999'),
    'of an organization': await plan({ ...org, organizationIds: [...org.organizationIds] }),
    own: await plan({ ...own, organizationIds: [] }),
  }
  for (const [what, text] of Object.entries(plans)) t.diagnostic(`${what}\n${text}`)
  for (const what of ['all, first page', 'all, a page in the middle'] as const) {
    assert.match(plans[what], /Index Scan Backward using workspaces_created_at/, what)
    assert.match(plans[what], /Limit \(actual rows=101/, what)
    assert.doesNotMatch(plans[what], /Sort|Seq Scan on workspaces/, what)
  }
  assert.match(plans['all, a page in the middle'], /Index Cond: \(ROW\(/)
  for (const text of Object.values(plans)) assert.doesNotMatch(text, /Seq Scan on workspaces/)
  assert.match(plans.own, /workspaces_owner_id/)
})
