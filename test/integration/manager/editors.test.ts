import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { type Postgres, startPostgres } from '../postgres.ts'
import { askAsEnvproxy } from './envproxy-proof.ts'
import { newSite, type Site } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

const state = 's'.repeat(43)

async function person(site: Site, name: string, role?: 'site-admin') {
  const { id } = await site.user(name, role)
  const token = await site.logIn(name)
  const [{ id: session }] = (await site.call(token, 'GET', `/api/v0/users/${id}/sessions`)).json()
  return { id, token, credential: `session:${session}` }
}

async function newBox(site: Site, token: string): Promise<string> {
  const wanted = { name: 'box', cpu: 1, memoryGiB: 1, diskGiB: 1 }
  const { id } = (await site.call(token, 'POST', '/api/v0/workspaces', wanted)).json()
  await site.reconcile()
  return id
}

/** What a browser gets that comes from an editor. */
const enter = (site: Site, workspace: string, token?: string) =>
  site.call(
    token,
    'GET',
    `/auth/dev-url?${new URLSearchParams({ label: `ide-${workspace}`, state, to: '/?folder=/x' })}`,
  )

test('each workspace has an editor at an origin of its own, and the API says where', async (t) => {
  const site = await newSite(t, postgres)
  const ada = await person(site, 'ada')
  const box = await newBox(site, ada.token)
  const one = (await site.call(ada.token, 'GET', `/api/v0/workspaces/${box}`)).json()
  assert.deepEqual([one.editorUrl, one.editorOff], [`https://ide-${box}.dev.example/`, undefined])
  assert.deepEqual((await askAsEnvproxy(site, `/internal/dev-urls/ide-${box}`)).json(), {
    id: `ide-${box}`,
    workspace: box,
    port: 13337,
    access: 'private',
  })
})

test('a site without a host for editors has none, and says why and what turns them on', async (t) => {
  const site = await newSite(t, postgres)
  site.hosts.devUrlsHost = undefined
  const ada = await person(site, 'ada')
  const box = await newBox(site, ada.token)
  const { editorUrl, editorOff } = (await site.call(ada.token, 'GET', `/api/v0/workspaces/${box}`)).json()
  assert.equal(editorUrl, null)
  assert.equal(editorOff.code, 'EDITOR_OFF')
  assert.match(editorOff.fix, /devurls\.host or editors\.host/)
  assert.equal((await enter(site, box, ada.token)).statusCode, 404)
})

test('where editors share one host, a ticket goes to the path of its workspace there', async (t) => {
  const site = await newSite(t, postgres)
  site.hosts = { devUrlsHost: undefined, editorsHost: 'ide.example' }
  const ada = await person(site, 'ada')
  const eve = await person(site, 'eve')
  const box = await newBox(site, ada.token)
  const one = (await site.call(ada.token, 'GET', `/api/v0/workspaces/${box}`)).json()
  assert.equal(one.editorUrl, `https://ide.example/${box}/`)
  const answer = await enter(site, box, ada.token)
  assert.equal(answer.statusCode, 303)
  const back = new URL(String(answer.headers.location))
  assert.deepEqual([back.origin, back.pathname], ['https://ide.example', `/${box}/.cde/enter`])
  assert.equal((await enter(site, box, eve.token)).statusCode, 404)
})

test('the owner gets a ticket for this editor and this browser; no role of the site opens it', async (t) => {
  const site = await newSite(t, postgres)
  const ada = await person(site, 'ada')
  const root = await person(site, 'root', 'site-admin')
  const box = await newBox(site, ada.token)
  const answer = await enter(site, box, ada.token)
  assert.equal(answer.statusCode, 303)
  const back = new URL(String(answer.headers.location))
  assert.deepEqual(
    [back.origin, back.pathname, back.searchParams.get('to')],
    [`https://ide-${box}.dev.example`, '/.cde/enter', '/?folder=/x'],
  )
  const keys = createLocalJWKSet((await site.call(undefined, 'GET', '/auth/jwks')).json())
  const currentDate = new Date(site.time.now)
  const verified = await jwtVerify(back.searchParams.get('ticket') ?? '', keys, { audience: 'dev-url', currentDate })
  const { sub, label, devUrl, workspace, port, state: bound } = verified.payload
  assert.deepEqual(
    [sub, label, devUrl, workspace, port, bound],
    [ada.id, `ide-${box}`, `ide-${box}`, box, 13337, state],
  )
  const unknown = await enter(site, 'zzzzz12345', root.token)
  const foreign = await enter(site, box, root.token)
  assert.deepEqual([unknown.statusCode, foreign.statusCode, foreign.body], [404, 404, unknown.body])
  const may = async ({ id, credential }: typeof ada) =>
    (await askAsEnvproxy(site, `/internal/dev-urls/ide-${box}?${new URLSearchParams({ user: id, credential })}`))
      .statusCode
  assert.deepEqual([await may(ada), await may(root)], [200, 403])
  await site.call(ada.token, 'POST', '/auth/logout')
  assert.equal(await may(ada), 403, 'it ends with the session')
})

test('an editor of a workspace that does not run is a page that says so; of one that is gone, nothing', async (t) => {
  const site = await newSite(t, postgres)
  const ada = await person(site, 'ada')
  const box = await newBox(site, ada.token)
  await site.call(ada.token, 'POST', `/api/v0/workspaces/${box}/stop`)
  await site.reconcile()
  const off = await enter(site, box, ada.token)
  assert.equal(off.statusCode, 409)
  assert.match(off.body, /The workspace box is OFF\. Start it/)
  assert.match(String(off.headers['content-type']), /^text\/html/)
  assert.match(String(off.headers['content-security-policy']), /frame-ancestors 'none'/)
  await site.call(ada.token, 'DELETE', `/api/v0/workspaces/${box}`)
  assert.equal((await enter(site, box, ada.token)).statusCode, 404)
  assert.equal((await askAsEnvproxy(site, `/internal/dev-urls/ide-${box}`)).statusCode, 404)
})

test('nothing of someone who left is served', async (t) => {
  const site = await newSite(t, postgres)
  const ada = await person(site, 'ada')
  const box = await newBox(site, ada.token)
  await site.database.query('UPDATE users SET deactivated_at = now() WHERE id = $1', [ada.id])
  assert.equal((await askAsEnvproxy(site, `/internal/dev-urls/ide-${box}`)).statusCode, 404)
})
