import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { OrganizationRole, SiteRole } from '../../../services/manager/permissions.ts'
import { openSession } from '../../../services/manager/sessions.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { newSite, type Site } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

/** Everyone is a member of one organization; some have a role there. */
const kinds = {
  'site-admin': 'organization-member',
  'site-manager': 'organization-member',
  'site-auditor': 'organization-member',
  'organization-admin': 'organization-admin',
  'organization-manager': 'organization-manager',
  'site-member': 'organization-member',
} as const
type Kind = keyof typeof kinds
const everyone = Object.keys(kinds) as Kind[]
const members: Kind[] = ['organization-admin', 'organization-manager', 'site-member']

/** By actor: on whose things they may act at all. Written down here, so that a change of the permission table shows. */
const above: Record<Kind, readonly Kind[]> = {
  'site-admin': everyone,
  'site-manager': ['site-manager', ...members],
  'site-auditor': [],
  'organization-admin': members,
  'organization-manager': ['organization-manager', 'site-member'],
  'site-member': [],
}
const rank = (actor: Kind, target: Kind) => above[actor].includes(target)
const admin = (actor: Kind) => actor === 'site-admin'
const account = (actor: Kind, target: Kind) => admin(actor) || (actor === 'site-manager' && members.includes(target))
const nobody = () => false

type Scene = Awaited<ReturnType<typeof scene>>
type Act = [
  route: string,
  who: (actor: Kind, target: Kind) => boolean,
  url: (scene: Scene) => string,
  body?: (scene: Scene) => object,
]

const workspace = (rest: string) => (at: Scene) => `/api/v0/workspaces/${at.workspace}${rest}`
const user = (rest: string) => (at: Scene) => `/api/v0/users/${at.user.id}${rest}`
const image = (rest: string) => (at: Scene) => `/api/v0/images/${at.image}${rest}`
const member = (at: Scene) => `/api/v0/organizations/${at.organization}/members/${at.user.id}`
const running = (actor: Kind, target: Kind) => ['site-admin', 'site-manager'].includes(actor) && rank(actor, target)
/** Who belongs to an organization gives nobody a say in what they run: its admins decide, whoever it is. */
const leading = (actor: Kind) => ['site-admin', 'site-manager', 'organization-admin'].includes(actor)

/** Every route that acts on what is another's, in an order in which one does not undo what the next one needs. */
const acts: Act[] = [
  ['POST /api/v0/workspaces/:id/tickets', admin, workspace('/tickets'), () => ({ port: 26337 })],
  ['PATCH /api/v0/workspaces/:id', rank, workspace(''), () => ({ autoOffMinutes: 60 })],
  ['PATCH /api/v0/workspaces/:id', rank, workspace(''), () => ({ cpu: 2 })],
  ['PATCH /api/v0/workspaces/:id', admin, workspace(''), (at) => ({ image: at.image })],
  ['PATCH /api/v0/workspaces/:id', admin, workspace(''), () => ({ tag: 'one' })],
  ['PATCH /api/v0/workspaces/:id', admin, workspace(''), (at) => ({ cpu: 1, image: at.image, tag: 'one' })],
  ['POST /api/v0/workspaces/:id/rebuild', admin, workspace('/rebuild')],
  ['POST /api/v0/workspaces/:id/stop', rank, workspace('/stop')],
  ['POST /api/v0/workspaces/:id/start', rank, workspace('/start')],
  ['POST /api/v0/dev-urls', nobody, () => '/api/v0/dev-urls', (at) => ({ workspace: at.workspace, port: 9000 })],
  ['PATCH /api/v0/dev-urls/:id', nobody, (at) => `/api/v0/dev-urls/${at.devUrl}`, () => ({ access: 'public' })],
  ['DELETE /api/v0/dev-urls/:id', rank, (at) => `/api/v0/dev-urls/${at.devUrl}`],
  ['PUT /api/v0/images/:id/tags/:tag', running, image('/tags/two'), () => ({})],
  ['PATCH /api/v0/images/:id', running, image(''), () => ({ defaultTag: 'one' })],
  ['DELETE /api/v0/images/:id/tags/:tag', running, image('/tags/spare')],
  ['DELETE /api/v0/workspaces/:id', rank, workspace('')],
  ['DELETE /api/v0/images/:id', nobody, image('')],
  ['DELETE /api/v0/ssh-keys/:id', running, (at) => `/api/v0/ssh-keys/${at.sshKey}`],
  ['DELETE /api/v0/api-keys/:id', admin, (at) => `/api/v0/api-keys/${at.apiKey}`],
  ['DELETE /api/v0/users/:id/sessions/:session', admin, (at) => `/api/v0/users/${at.user.id}/sessions/${at.session}`],
  ['PUT /api/v0/organizations/:id/members/:user', leading, member, () => ({ role: 'organization-member' })],
  ['PUT /api/v0/users/:id/password', account, user('/password'), () => ({ password: 'another horse battery' })],
  ['PATCH /api/v0/users/:id', admin, user(''), () => ({ role: 'site-auditor' })],
  ['PATCH /api/v0/users/:id', account, user(''), () => ({ active: false })],
  ['DELETE /api/v0/organizations/:id/members/:user', leading, member],
]

/** Routes that write and concern the caller alone, nobody in particular, or what nobody runs yet. */
const concernNobody = [
  'POST /auth/basic/login',
  'POST /auth/logout',
  'PUT /api/v0/license',
  'POST /api/v0/users',
  'POST /api/v0/api-keys',
  'POST /api/v0/ssh-keys',
  'POST /api/v0/organizations',
  'PATCH /api/v0/organizations/:id',
  'DELETE /api/v0/organizations/:id',
  'POST /api/v0/workspaces',
  'POST /api/v0/registries',
  'DELETE /api/v0/registries/:id',
  'POST /api/v0/images',
  'POST /internal/activity',
]

async function person(site: Site, kind: Kind, organization: string) {
  const role = kind.startsWith('site-') ? (kind as SiteRole) : 'site-member'
  const made = await site.user(`u${randomBytes(6).toString('hex')}`, role)
  const put = (organizationRole: OrganizationRole) =>
    site.database.query('INSERT INTO members (organization_id, user_id, role) VALUES ($1, $2, $3)', [
      organization,
      made.id,
      organizationRole,
    ])
  await put(kinds[kind])
  return { ...made, token: await openSession(site.database, made.id, site.time.now) }
}

/** Someone with one of each: a workspace of an image that nobody else runs, a dev URL, keys and a session. */
async function scene(site: Site, target: Kind, place: { organization: string; registry: string; root: string }) {
  const user = await person(site, target, place.organization)
  const post = async (token: string, url: string, body: object) => {
    const answer = await site.call(token, 'POST', url, body)
    assert.ok(answer.statusCode < 300, `${url}: ${answer.body}`)
    return answer.json().id as string
  }
  const name = user.username
  const body = { name, registry: place.registry, repository: name, tag: 'one' }
  const image = await post(place.root, '/api/v0/images', body)
  await site.call(place.root, 'PUT', `/api/v0/images/${image}/tags/spare`, {})
  const size = { cpu: 1, memoryGiB: 1, diskGiB: 1 }
  const { organization } = place
  const workspace = await post(user.token, '/api/v0/workspaces', { name: 'box', organization, image, ...size })
  const blob = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x ?? ''
  const wire = Buffer.concat([
    Buffer.from('0000000b7373682d6564323535313900000020', 'hex'),
    Buffer.from(blob, 'base64url'),
  ])
  const key = { name: 'k', scopes: ['account:read'], days: 1 }
  return {
    user,
    image,
    workspace,
    organization,
    devUrl: await post(user.token, '/api/v0/dev-urls', { workspace, port: 8000 }),
    sshKey: await post(user.token, '/api/v0/ssh-keys', { key: `ssh-ed25519 ${wire.toString('base64')}` }),
    apiKey: await post(user.token, '/api/v0/api-keys', key),
    session: (await site.database.query('SELECT id FROM sessions WHERE user_id = $1', [user.id])).rows[0].id as string,
  }
}

test('nobody acts on what is of someone who may do more: each role on each, by every route', async (t) => {
  const site = await newSite(t, postgres)
  const { id } = await site.user('root', 'site-admin')
  const root = await openSession(site.database, id, site.time.now)
  const organization = (await site.call(root, 'POST', '/api/v0/organizations', { name: 'yard' })).json().id
  const registry = (await site.call(root, 'POST', '/api/v0/registries', { name: 'r', host: 'r.example' })).json().id
  const actors = new Map<Kind, string>()
  for (const kind of everyone) actors.set(kind, (await person(site, kind, organization)).token)
  for (const target of everyone)
    for (const actor of everyone) {
      const at = await scene(site, target, { organization, registry, root })
      await site.reconcile()
      for (const [route, who, url, body] of acts) {
        const [method = ''] = route.split(' ')
        const answer = await site.call(actors.get(actor), method, url(at), body?.(at))
        const words = `${actor} on ${target}: ${route} ${JSON.stringify(body?.(at) ?? {})}: ${answer.body}`
        if (who(actor, target)) assert.ok(answer.statusCode < 300, words)
        else if (route !== 'DELETE /api/v0/images/:id') assert.ok([403, 404].includes(answer.statusCode), words)
      }
    }
})

test("every route that writes acts on what is another's in the table above, or on nobody", async (t) => {
  const site = await newSite(t, postgres)
  const writing = site.routes.filter(({ method }) => !['GET', 'HEAD'].includes(method))
  const named = new Set([...acts.map(([route]) => route), ...concernNobody])
  assert.deepEqual([...named].sort(), writing.map(({ method, url }) => `${method} ${url}`).sort())
})

test('the image of the release, and one that an admin runs, are not to be changed by who may do less', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('root', 'site-admin')
  await site.user('mia', 'site-manager')
  const [root, mia] = [await site.logIn('root'), await site.logIn('mia')]
  const [release] = (await site.call(mia, 'GET', '/api/v0/images')).json()
  const tag = `/api/v0/images/${release.id}/tags/release`
  const refused = await site.call(mia, 'PUT', tag, { digest: `sha256:${'e'.repeat(64)}` })
  assert.deepEqual([refused.statusCode, refused.json().code], [403, 'AUTH_FORBIDDEN'])
  const registry = (await site.call(mia, 'POST', '/api/v0/registries', { name: 'r', host: 'r.example' })).json().id
  const body = { name: 'own', registry, repository: 'own', tag: '1' }
  const own = (await site.call(mia, 'POST', '/api/v0/images', body)).json().id
  const change = () => site.call(mia, 'PUT', `/api/v0/images/${own}/tags/1`, {})
  assert.equal((await change()).statusCode, 200)
  const wish = { name: 'box', image: own, cpu: 1, memoryGiB: 1, diskGiB: 1 }
  assert.equal((await site.call(root, 'POST', '/api/v0/workspaces', wish)).statusCode, 201)
  assert.equal((await change()).statusCode, 403, 'from now on it is what an admin runs')
})
