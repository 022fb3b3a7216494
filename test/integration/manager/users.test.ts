import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Postgres, startPostgres } from '../postgres.ts'
import { newSite, password, type Site } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

const other = 'another horse battery'
const enter = (site: Site, username: string, secret = password) =>
  site.call(undefined, 'POST', '/auth/basic/login', { username, password: secret })

async function people(site: Site) {
  const [root, mia, ada] = [
    await site.user('root', 'site-admin'),
    await site.user('mia', 'site-manager'),
    await site.user('ada'),
  ]
  return {
    root,
    mia,
    ada,
    admin: await site.logIn('root'),
    manager: await site.logIn('mia'),
    member: await site.logIn('ada'),
  }
}

test('a manager adds users, who log in; names are taken once, whatever their case', async (t) => {
  const site = await newSite(t, postgres)
  const { manager, member } = await people(site)
  const body = { username: 'Bob', password: other }
  const created = await site.call(manager, 'POST', '/api/v0/users', body)
  assert.deepEqual([created.statusCode, created.json().username, created.json().role], [201, 'bob', 'site-member'])
  assert.equal((await enter(site, 'bob', other)).statusCode, 200)
  assert.equal(
    (await site.call(manager, 'POST', '/api/v0/users', { ...body, username: 'BOB' })).json().code,
    'USER_NAME_TAKEN',
  )
  assert.equal((await site.call(member, 'POST', '/api/v0/users', { ...body, username: 'eve' })).statusCode, 403)
  for (const bad of [
    { ...body, username: '-x' },
    { ...body, username: 'a/b' },
    { ...body, username: 'eve', password: 'short' },
  ])
    assert.equal((await site.call(manager, 'POST', '/api/v0/users', bad)).statusCode, 400, JSON.stringify(bad))
  assert.deepEqual(
    (await site.call(manager, 'GET', '/api/v0/users')).json().map((user: { username: string }) => user.username),
    ['ada', 'bob', 'mia', 'root'],
  )
  assert.deepEqual(
    (await site.call(member, 'GET', '/api/v0/users')).json().map((user: { username: string }) => user.username),
    ['ada'],
    'a member sees only themself',
  )
})

test('a site manager cannot become a site admin, nor by way of one', async (t) => {
  const site = await newSite(t, postgres)
  const { root, mia, ada, manager } = await people(site)
  const tries: [string, string, object][] = [
    ['POST', '/api/v0/users', { username: 'eve', password: other, role: 'site-admin' }],
    ['PATCH', `/api/v0/users/${mia.id}`, { role: 'site-admin' }],
    ['PATCH', `/api/v0/users/${ada.id}`, { role: 'site-auditor' }],
    ['PATCH', `/api/v0/users/${root.id}`, { active: false }],
    ['PUT', `/api/v0/users/${root.id}/password`, { password: other }],
  ]
  for (const [method, url, body] of tries)
    assert.equal((await site.call(manager, method, url, body)).json().code, 'AUTH_FORBIDDEN', `${method} ${url}`)
  assert.equal((await enter(site, 'root', other)).statusCode, 401)
})

test('who is deactivated is out at once, their workspaces stop, and the answer at login does not tell', async (t) => {
  const site = await newSite(t, postgres)
  const { ada, admin, member } = await people(site)
  const body = { name: 'harbour', cpu: 1, memoryGiB: 1, diskGiB: 1 }
  const { id } = (await site.call(member, 'POST', '/api/v0/workspaces', body)).json()
  await site.reconcile()
  assert.equal((await site.call(admin, 'PATCH', `/api/v0/users/${ada.id}`, { active: false })).json().active, false)
  assert.equal((await site.call(member, 'GET', '/api/v0/me')).statusCode, 401)
  await site.reconcile()
  assert.equal(site.engine.specs.get(id)?.on, false)
  const wrong = await enter(site, 'nobody')
  const out = await enter(site, 'ada')
  assert.deepEqual([out.statusCode, out.body], [401, wrong.body])
  await site.call(admin, 'PATCH', `/api/v0/users/${ada.id}`, { active: true })
  assert.equal((await enter(site, 'ada')).statusCode, 200)
})

test('the last site admin stays, also when two demote each other at the same time', async (t) => {
  const site = await newSite(t, postgres)
  const { root, admin } = await people(site)
  for (const change of [{ active: false }, { role: 'site-member' }])
    assert.equal((await site.call(admin, 'PATCH', `/api/v0/users/${root.id}`, change)).json().code, 'USER_LAST_ADMIN')
  const second = await site.user('second', 'site-admin')
  const other = await site.logIn('second')
  const twin = await site.twin()
  for (let round = 0; round < 12; round++) {
    const answers = await Promise.all([
      site.call(admin, 'PATCH', `/api/v0/users/${second.id}`, { role: 'site-member' }),
      twin.call(other, 'PATCH', `/api/v0/users/${root.id}`, { role: 'site-member' }),
    ])
    const { rows } = await site.database.query(`SELECT 1 FROM users WHERE role = 'site-admin'`)
    assert.equal(rows.length, 1, answers.map((answer) => answer.body).join())
    await site.database.query(`UPDATE users SET role = 'site-admin' WHERE id = ANY ($1)`, [[root.id, second.id]])
  }
})

test('a password is changed by its owner with the current one, which ends the other sessions', async (t) => {
  const site = await newSite(t, postgres)
  const { ada, admin, manager, member } = await people(site)
  const elsewhere = await site.logIn('ada')
  const put = (token: string, body: object) => site.call(token, 'PUT', `/api/v0/users/${ada.id}/password`, body)
  assert.equal((await put(member, { password: other })).json().code, 'AUTH_PASSWORD_WRONG')
  assert.equal((await put(member, { password: other, current: 'wrong' })).json().code, 'AUTH_PASSWORD_WRONG')
  assert.equal((await put(member, { password: other, current: password })).statusCode, 204)
  assert.equal((await site.call(member, 'GET', '/api/v0/me')).statusCode, 200)
  assert.equal((await site.call(elsewhere, 'GET', '/api/v0/me')).statusCode, 401)
  assert.equal((await enter(site, 'ada')).statusCode, 401)
  assert.equal((await put(manager, { password })).statusCode, 204, 'a manager resets a member')
  assert.equal((await site.call(member, 'GET', '/api/v0/me')).statusCode, 401, 'and ends their sessions')
  assert.equal((await enter(site, 'ada')).statusCode, 200)
  assert.equal((await site.call(admin, 'PUT', '/api/v0/users/aaaaaaaaaa/password', { password })).statusCode, 404)
})

test('people see where they are logged in and end it; others do not', async (t) => {
  const site = await newSite(t, postgres)
  const { ada, mia, admin, manager, member } = await people(site)
  const elsewhere = await site.logIn('ada')
  const url = `/api/v0/users/${ada.id}/sessions`
  const list = (await site.call(member, 'GET', url)).json() as { id: string; current: boolean; address: string }[]
  assert.deepEqual(list.map((one) => one.current).sort(), [false, true])
  assert.ok(list.every((one) => one.address === '127.0.0.1'))
  assert.ok(!JSON.stringify(list).includes(elsewhere))
  const away = list.find((one) => !one.current)?.id
  assert.equal((await site.call(manager, 'DELETE', `${url}/${away}`)).statusCode, 403)
  assert.equal((await site.call(member, 'DELETE', `/api/v0/users/${mia.id}/sessions/${away}`)).statusCode, 404)
  assert.equal((await site.call(member, 'DELETE', `${url}/${away}`)).statusCode, 204)
  assert.equal((await site.call(elsewhere, 'GET', '/api/v0/me')).statusCode, 401)
  assert.equal((await site.call(admin, 'DELETE', `${url}/${list.find((one) => one.current)?.id}`)).statusCode, 204)
  assert.equal((await site.call(member, 'GET', '/api/v0/me')).statusCode, 401)
})
