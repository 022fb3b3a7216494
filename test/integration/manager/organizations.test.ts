import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { loginLimits } from '../../../services/manager/login-limits.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { newSite, type Site } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

const size = { cpu: 1, memoryGiB: 1, diskGiB: 1 }

async function yard(site: Site) {
  const root = await site.user('root', 'site-admin')
  const admin = await site.logIn('root')
  const { id } = (await site.call(admin, 'POST', '/api/v0/organizations', { name: 'yard' })).json()
  const join = async (name: string, role: string) => {
    const user = await site.user(name)
    await site.call(admin, 'PUT', `/api/v0/organizations/${id}/members/${user.id}`, { role: `organization-${role}` })
    return { user, token: await site.logIn(name) }
  }
  const set = (body: object) => site.call(admin, 'PATCH', `/api/v0/organizations/${id}`, body)
  return { root, admin, id, join, set }
}
const create = (site: Site, token: string, organization: string, name: string, change = {}) =>
  site.call(token, 'POST', '/api/v0/workspaces', { name, organization, ...size, ...change })

test('a workspace belongs to an organization, and its leaders see and stop it but do not enter', async (t) => {
  const site = await newSite(t, postgres)
  const { id, join } = await yard(site)
  const [ada, bob, lea] = [await join('ada', 'member'), await join('bob', 'member'), await join('lea', 'manager')]
  const outsider = await site.user('out')
  const out = await site.logIn('out')
  const workspace = (await create(site, ada.token, id, 'harbour')).json()
  assert.equal(workspace.organization, id)
  await site.reconcile()
  const url = `/api/v0/workspaces/${workspace.id}`
  assert.equal((await create(site, out, id, 'x')).json().code, 'ORGANIZATION_UNKNOWN')
  for (const token of [bob.token, out]) assert.equal((await site.call(token, 'GET', url)).statusCode, 404)
  assert.equal((await site.call(lea.token, 'GET', '/api/v0/workspaces')).json().length, 1)
  assert.equal((await site.call(lea.token, 'POST', `${url}/stop`)).statusCode, 200)
  assert.equal((await site.call(lea.token, 'POST', `${url}/tickets`, { port: 26337 })).json().code, 'AUTH_FORBIDDEN')
  const members = `/api/v0/organizations/${id}/members`
  assert.equal((await site.call(lea.token, 'GET', members)).json().length, 3)
  const put = { role: 'organization-admin' }
  assert.equal((await site.call(lea.token, 'PUT', `${members}/${lea.user.id}`, put)).statusCode, 403)
  assert.equal((await site.call(bob.token, 'GET', members)).statusCode, 403)
  assert.equal((await site.call(out, 'GET', members)).statusCode, 403)
  assert.equal((await site.call(out, 'GET', `/api/v0/organizations/${id}`)).statusCode, 404)
  const chief = await join('zoe', 'admin')
  assert.equal(
    (await site.call(chief.token, 'PUT', `${members}/${outsider.id}`, { role: 'organization-member' })).statusCode,
    204,
  )
  assert.equal((await create(site, out, id, 'x')).statusCode, 201)
  assert.equal((await site.call(chief.token, 'DELETE', `${members}/${outsider.id}`)).statusCode, 204)
  assert.equal((await create(site, out, id, 'y')).statusCode, 404)
  const elsewhere = '/api/v0/organizations/default000'
  assert.equal((await site.call(chief.token, 'PUT', `${elsewhere}/members/${chief.user.id}`, put)).statusCode, 403)
  assert.equal(
    (await site.call(chief.token, 'PATCH', `/api/v0/organizations/${id}`, { quota: { cpu: 99 } })).statusCode,
    403,
  )
})

test('an organization-admin finds whom to add by the exact name, sees no list, and cannot guess for long', async (t) => {
  const site = await newSite(t, postgres)
  const { admin, id, join } = await yard(site)
  const [zoe, lea] = [await join('zoe', 'admin'), await join('lea', 'manager')]
  const [out, gone] = [await site.user('out'), await site.user('gone')]
  await site.call(admin, 'PATCH', `/api/v0/users/${gone.id}`, { active: false })
  const look = (token: string, name: string) =>
    site.call(token, 'GET', `/api/v0/users/lookup?username=${encodeURIComponent(name)}`)
  const found = await look(zoe.token, 'OUT')
  assert.deepEqual([found.statusCode, found.json()], [200, { id: out.id, username: 'out' }])
  const members = `/api/v0/organizations/${id}/members`
  const put = await site.call(zoe.token, 'PUT', `${members}/${found.json().id}`, { role: 'organization-member' })
  assert.equal(put.statusCode, 204)
  const never = await look(zoe.token, 'xxxx')
  for (const name of ['ou', 'o%', 'out ', 'gone']) {
    const answer = await look(zoe.token, name)
    assert.equal(
      answer.body,
      never.body.replace('xxxx', name),
      'part of a name, or deactivated, is as unknown as never',
    )
    assert.deepEqual([answer.statusCode, answer.json().code], [404, 'USER_UNKNOWN'])
  }
  const list = (await site.call(zoe.token, 'GET', '/api/v0/users?name=o')).json()
  assert.deepEqual(
    list.map(({ username }: { username: string }) => username),
    ['zoe'],
    'the list stays one of themself',
  )
  assert.equal((await look(lea.token, 'out')).json().code, 'AUTH_FORBIDDEN', 'who adds nobody looks for nobody')
  assert.equal((await site.call(zoe.token, 'GET', '/api/v0/users/lookup?username=%00')).statusCode, 400)

  for (let looks = 6; looks < loginLimits.lookups; looks++) await look(zoe.token, `guess${looks}`)
  const twin = await site.twin()
  const late = await twin.call(zoe.token, 'GET', '/api/v0/users/lookup?username=out')
  assert.deepEqual([late.statusCode, late.json().code], [429, 'USER_LOOKUP_LIMIT'], 'replicas share the count')
  assert.equal(late.headers['retry-after'], '300')
  assert.equal((await look(admin, 'out')).statusCode, 200, 'others have a count of their own')
  site.time.now += loginLimits.window
  assert.equal((await look(zoe.token, 'out')).statusCode, 200)
})

test('quotas for cores, memory, disk, GPUs and number hold; what is off takes no cores, memory and GPUs', async (t) => {
  const site = await newSite(t, postgres)
  const { id, join, set } = await yard(site)
  const { token } = await join('ada', 'member')
  const first = (await create(site, token, id, 'first', { gpus: 1 })).json()
  for (const [quota, words] of [
    [{ cpu: 1.5 }, /1.5 cores/],
    [{ memoryGiB: 1 }, /1 GiB of memory/],
    [{ diskGiB: 1 }, /1 GiB of disk/],
    [{ gpus: 1 }, /1 GPUs/],
    [{ workspaces: 1 }, /1 workspaces/],
  ] as const) {
    const none = { cpu: null, memoryGiB: null, diskGiB: null, gpus: null, workspaces: null }
    assert.equal((await set({ quota: { ...none, ...quota } })).statusCode, 200)
    const refused = await create(site, token, id, 'second', { gpus: 1 })
    assert.deepEqual([refused.statusCode, refused.json().code], [409, 'QUOTA_EXCEEDED'], JSON.stringify(quota))
    assert.match(refused.json().message, words)
  }
  const shown = (await set({ quota: { cpu: 1, gpus: 1, workspaces: null } })).json()
  assert.deepEqual(shown.usage, { cpu: 1, memoryGiB: 1, diskGiB: 1, gpus: 1, workspaces: 1 })
  assert.equal((await site.call(token, 'POST', `/api/v0/workspaces/${first.id}/stop`)).statusCode, 200)
  await set({ quota: { memoryGiB: null, diskGiB: null } })
  assert.equal((await create(site, token, id, 'second', { gpus: 1 })).statusCode, 201)
  const start = await site.call(token, 'POST', `/api/v0/workspaces/${first.id}/start`)
  assert.equal(start.json().code, 'QUOTA_EXCEEDED', 'starting takes cores again')
  await set({ quota: { cpu: null } })
  const taken = await site.call(token, 'POST', `/api/v0/workspaces/${first.id}/start`)
  assert.match(taken.json().message, /1 GPUs/, 'and GPUs')
  await set({ quota: { cpu: 0, gpus: 0 } })
  const { id: second } = (await site.call(token, 'GET', '/api/v0/workspaces')).json()[0]
  assert.equal((await site.call(token, 'POST', `/api/v0/workspaces/${second}/stop`)).statusCode, 200, 'less is allowed')
})

test('twenty creates at once, on two pools, do not spend more than the quota', async (t) => {
  const site = await newSite(t, postgres)
  const twin = await site.twin()
  const { id, join, set } = await yard(site)
  // each of another user, so that nothing but the organization is shared
  const people: { token: string }[] = []
  for (let index = 0; index < 20; index++) people.push(await join(`user${index}`, 'member'))
  await set({ quota: { cpu: 7 } })
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      create(index % 2 ? site : twin, people[index]?.token ?? '', id, `w${index}`),
    ),
  )
  const codes = answers.map((answer) => answer.statusCode)
  assert.equal(codes.filter((code) => code === 201).length, 7)
  assert.equal(codes.filter((code) => code === 409).length, 13)
})

test('limits bound each workspace of an organization', async (t) => {
  const site = await newSite(t, postgres)
  const { id, join, set } = await yard(site)
  const { token } = await join('ada', 'member')
  await set({ limits: { cpu: 2, memoryGiB: 2, diskGiB: 2, gpus: 0 } })
  for (const change of [{ cpu: 2.25 }, { memoryGiB: 3 }, { diskGiB: 3 }, { gpus: 1 }])
    assert.equal((await create(site, token, id, 'big', change)).json().code, 'WORKSPACE_TOO_LARGE')
  assert.equal((await create(site, token, id, 'fits', { cpu: 2, memoryGiB: 2, diskGiB: 2 })).statusCode, 201)
  for (const body of [
    {},
    { quota: { cpu: -1 } },
    { quota: { coins: 1 } },
    { quota: { gpus: 0.5 } },
    { limits: { cpu: 0 } },
    { name: 'A B' },
  ])
    assert.equal((await set(body)).statusCode, 400, JSON.stringify(body))
})

test('an organization with workspaces stays, an empty one goes, and the default one always stays', async (t) => {
  const site = await newSite(t, postgres)
  const { admin, id, join } = await yard(site)
  const { token } = await join('ada', 'member')
  const workspace = (await create(site, token, id, 'one')).json()
  const remove = (one: string) => site.call(admin, 'DELETE', `/api/v0/organizations/${one}`)
  assert.equal((await remove(id)).json().code, 'ORGANIZATION_IN_USE')
  assert.equal((await remove('default000')).json().code, 'ORGANIZATION_IN_USE')
  await site.call(token, 'DELETE', `/api/v0/workspaces/${workspace.id}`)
  await site.reconcile()
  assert.equal((await remove(id)).statusCode, 204)
  assert.equal(
    (await site.call(admin, 'POST', '/api/v0/organizations', { name: 'default' })).json().code,
    'ORGANIZATION_NAME_TAKEN',
  )
})
