import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { workspacesPerUser } from '../../../services/manager/organizations/quota.ts'
import { EngineRefusal } from '../../../services/manager/workspaces/engine.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { newSite, type Site, workspaceImage } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

const wanted = (name: string) => ({ name, cpu: 1.5, memoryGiB: 2, diskGiB: 10 })

async function member(site: Site, name = 'ada') {
  const user = await site.user(name)
  return { user, token: await site.logIn(name) }
}

test('a workspace is created, becomes ON, is stopped, started and deleted', async (t) => {
  const site = await newSite(t, postgres)
  const { token, user } = await member(site)
  const created = await site.call(token, 'POST', '/api/v0/workspaces', wanted('harbour'))
  assert.equal(created.statusCode, 201)
  const { id, ...rest } = created.json()
  assert.match(id, /^[a-z0-9]{10}$/)
  assert.equal(created.headers.location, `/api/v0/workspaces/${id}`)
  assert.deepEqual(rest, {
    name: 'harbour',
    owner: { id: user.id, username: 'ada' },
    organization: 'default000',
    image: workspaceImage,
    cpu: 1.5,
    memoryGiB: 2,
    diskGiB: 10,
    gpus: 0,
    status: 'CREATING',
    imageId: rest.imageId,
    tag: 'release',
    autoOffMinutes: null,
    lastActiveAt: new Date(site.time.now).toISOString(),
    createdAt: new Date(site.time.now).toISOString(),
    editorUrl: `https://ide-${id}.dev.example/`,
  })
  assert.equal(site.wakes, 1)
  await site.reconcile()
  assert.deepEqual(site.engine.specs.get(id), {
    ...site.engine.specs.get(id),
    id,
    image: workspaceImage,
    cpuMilli: 1500,
    on: true,
  })
  const get = async () => (await site.call(token, 'GET', `/api/v0/workspaces/${id}`)).json()
  assert.equal((await get()).status, 'ON')
  assert.equal((await site.call(token, 'GET', '/api/v0/workspaces')).json().length, 1)
  assert.equal((await site.call(token, 'POST', `/api/v0/workspaces/${id}/stop`)).statusCode, 200)
  await site.reconcile()
  assert.equal((await get()).status, 'OFF')
  assert.equal((await site.call(token, 'POST', `/api/v0/workspaces/${id}/start`)).json().status, 'CREATING')
  await site.reconcile()
  assert.equal((await get()).status, 'ON')
  assert.equal((await site.call(token, 'DELETE', `/api/v0/workspaces/${id}`)).statusCode, 204)
  assert.equal((await get()).code, 'WORKSPACE_UNKNOWN')
  assert.deepEqual((await site.call(token, 'GET', '/api/v0/workspaces')).json(), [])
  await site.reconcile()
  assert.equal(site.engine.specs.size, 0)
  assert.equal((await site.database.query('SELECT 1 FROM workspaces')).rowCount, 0)
})

test('nobody but the owner and an admin sees or touches a workspace', async (t) => {
  const site = await newSite(t, postgres)
  const ada = await member(site, 'ada')
  const bob = await member(site, 'bob')
  await site.user('root', 'site-admin')
  const admin = await site.logIn('root')
  const { id } = (await site.call(ada.token, 'POST', '/api/v0/workspaces', wanted('harbour'))).json()
  await site.reconcile()
  const each: [string, string, object?][] = [
    ['GET', `/api/v0/workspaces/${id}`],
    ['POST', `/api/v0/workspaces/${id}/tickets`, { port: 26337 }],
    ['POST', `/api/v0/workspaces/${id}/stop`],
    ['POST', `/api/v0/workspaces/${id}/start`],
    ['DELETE', `/api/v0/workspaces/${id}`],
  ]
  for (const [method, url, body] of each) {
    const missing = await site.call(bob.token, method, url.replace(id, 'aaaaaaaaaa'), body)
    const refused = await site.call(bob.token, method, url, body)
    assert.equal(refused.statusCode, 404, `${method} ${url}`)
    assert.equal(refused.body.replaceAll(id, 'aaaaaaaaaa'), missing.body, 'it looks as if it were not there')
    assert.equal((await site.call(undefined, method, url, body)).statusCode, 401)
  }
  assert.deepEqual((await site.call(bob.token, 'GET', '/api/v0/workspaces')).json(), [])
  assert.equal((await site.call(admin, 'GET', '/api/v0/workspaces')).json().length, 1)
  assert.equal((await site.call(admin, 'POST', `/api/v0/workspaces/${id}/tickets`, { port: 26337 })).statusCode, 200)
})

test('a ticket opens one door for a minute, and the published key checks it', async (t) => {
  const site = await newSite(t, postgres)
  const { token, user } = await member(site)
  const { id } = (await site.call(token, 'POST', '/api/v0/workspaces', wanted('harbour'))).json()
  const url = `/api/v0/workspaces/${id}/tickets`
  assert.equal((await site.call(token, 'POST', url, { port: 26337 })).json().code, 'WORKSPACE_NOT_RUNNING')
  await site.reconcile()
  for (const body of [{ port: 22 }, { port: '26337' }, {}, { port: 26337, path: '/' }])
    assert.equal((await site.call(token, 'POST', url, body)).statusCode, 400, JSON.stringify(body))
  const { ticket, path } = (await site.call(token, 'POST', url, { port: 26337 })).json()
  assert.equal(path, `/proxy/workspaces/${id}/shell`)
  const keys = createLocalJWKSet((await site.call(undefined, 'GET', '/auth/jwks')).json())
  const check = (now: number) =>
    jwtVerify(ticket, keys, { audience: 'envproxy', algorithms: ['EdDSA'], currentDate: new Date(now) })
  const { payload } = await check(site.time.now)
  assert.deepEqual(
    [payload.sub, payload.workspace, payload.port, payload.path],
    [user.id, id, 26337, `/proxy/workspaces/${id}/shell`],
  )
  assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 60)
  await assert.rejects(check(site.time.now + 61_000), /exp/)
  const jwks = (await site.call(undefined, 'GET', '/auth/jwks')).json()
  assert.equal(jwks.keys[0].d, undefined, 'the private half stays here')
})

test('sizes, names and images outside the limits are refused', async (t) => {
  const site = await newSite(t, postgres)
  const { token } = await member(site)
  const cases: [object, number][] = [
    [{ ...wanted('Harbour') }, 400],
    [{ ...wanted('-harbour') }, 400],
    [{ ...wanted('h'.repeat(33)) }, 400],
    [{ ...wanted('harbour'), cpu: 0 }, 400],
    [{ ...wanted('harbour'), cpu: 1.1 }, 400],
    [{ ...wanted('harbour'), cpu: '1' }, 400],
    [{ ...wanted('harbour'), memoryGiB: 1e9 }, 400],
    [{ ...wanted('harbour'), diskGiB: 1.5 }, 400],
    [{ ...wanted('harbour'), owner: 'root' }, 400],
    [{ ...wanted('harbour'), image: 'docker.io/library/evil' }, 422],
    [{ ...wanted('harbour'), image: workspaceImage }, 201],
    [wanted('harbour'), 409],
  ]
  for (const [body, status] of cases)
    assert.equal((await site.call(token, 'POST', '/api/v0/workspaces', body)).statusCode, status, JSON.stringify(body))
  for (const id of ['ABCDEFGHIJ', 'abcdefghijk', "a'OR'1'='1"])
    assert.equal((await site.call(token, 'GET', `/api/v0/workspaces/${encodeURIComponent(id)}`)).statusCode, 400, id)
  const other = await member(site, 'bob')
  assert.equal((await site.call(other.token, 'POST', '/api/v0/workspaces', wanted('harbour'))).statusCode, 201)
})

test('a user cannot own more workspaces than the limit', async (t) => {
  const site = await newSite(t, postgres)
  const { token } = await member(site)
  for (let index = 0; index < workspacesPerUser; index++)
    assert.equal((await site.call(token, 'POST', '/api/v0/workspaces', wanted(`w${index}`))).statusCode, 201)
  assert.equal((await site.call(token, 'POST', '/api/v0/workspaces', wanted('more'))).json().code, 'WORKSPACE_LIMIT')
})

test('a disk grows within bounds and where the cluster lets it; a refusal leaves everything as it was', async (t) => {
  const site = await newSite(t, postgres)
  const { token } = await member(site)
  await site.user('root', 'site-admin')
  const admin = await site.logIn('root')
  const { id } = (await site.call(token, 'POST', '/api/v0/workspaces', wanted('harbour'))).json()
  const patch = (body: object) => site.call(token, 'PATCH', `/api/v0/workspaces/${id}`, body)
  const refused = async (body: object, status: number, code: string) => {
    const before = await state()
    const answer = await patch(body)
    assert.deepEqual([answer.statusCode, answer.json().code], [status, code], answer.body)
    assert.deepEqual(await state(), before)
    return answer
  }
  const state = async () => ({
    rows: (await site.database.query('SELECT * FROM workspaces')).rows,
    entries: (await site.database.query('SELECT * FROM audit')).rowCount,
    disk: site.engine.specs.get(id)?.diskGiB,
  })
  await refused({ diskGiB: 11 }, 409, 'WORKSPACE_DISK_FIXED')
  await site.reconcile()
  const { generation } = (await state()).rows[0]
  const grown = await patch({ diskGiB: 12 })
  assert.deepEqual([grown.statusCode, grown.json().diskGiB, grown.json().status], [200, 12, 'ON'])
  assert.deepEqual([(await state()).disk, (await state()).rows[0].generation], [12, generation], 'the pod stays')
  await refused({ diskGiB: 11 }, 422, 'WORKSPACE_DISK_SMALLER')
  assert.equal((await patch({ diskGiB: 12 })).statusCode, 200, 'what it has already is no growth')
  const bounds = (body: object) => site.call(admin, 'PATCH', '/api/v0/organizations/default000', body)
  await bounds({ limits: { diskGiB: 11 } })
  await refused({ diskGiB: 13 }, 422, 'WORKSPACE_TOO_LARGE')
  assert.equal((await patch({ cpu: 1 })).statusCode, 200, 'a bound set later does not hold for a disk that stays')
  await bounds({ limits: { diskGiB: null }, quota: { diskGiB: 13 } })
  await refused({ diskGiB: 14 }, 409, 'QUOTA_EXCEEDED')
  await site.reconcile()

  const { growHome } = site.engine
  site.engine.growHome = () =>
    Promise.reject(new EngineRefusal('Kubernetes refuses: the storageclass must support resize'))
  const fixed = await refused({ diskGiB: 13, cpu: 2 }, 409, 'WORKSPACE_DISK_FIXED')
  assert.match(fixed.json().why, /must support resize/)
  assert.equal((await patch({ cpu: 2 })).statusCode, 200, 'nothing else is refused by it')
  site.engine.growHome = () => Promise.reject(new Error('connect ECONNREFUSED'))
  const away = await refused({ diskGiB: 13 }, 503, 'KUBERNETES_UNREACHABLE')
  assert.equal(away.headers['retry-after'], '5')
  site.engine.growHome = growHome
  assert.equal((await patch({ diskGiB: 13 })).statusCode, 200)
})

test('GPUs are asked for, edited, and refused where the site has none', async (t) => {
  const site = await newSite(t, postgres)
  const { token } = await member(site)
  const create = (name: string, gpus: unknown) =>
    site.call(token, 'POST', '/api/v0/workspaces', { ...wanted(name), gpus })
  const made = (await create('one', 2)).json()
  assert.equal(made.gpus, 2)
  await site.reconcile()
  assert.equal(site.engine.specs.get(made.id)?.gpus, 2)
  const url = `/api/v0/workspaces/${made.id}`
  assert.equal((await site.call(token, 'PATCH', url, { gpus: 1 })).json().gpus, 1)
  await site.reconcile()
  assert.equal(site.engine.specs.get(made.id)?.gpus, 1)
  for (const gpus of [-1, 0.5, 65, '1']) assert.equal((await create('bad', gpus)).statusCode, 400, String(gpus))

  site.gpuResource = undefined
  const refused = await create('two', 1)
  assert.deepEqual([refused.statusCode, refused.json().code], [422, 'WORKSPACE_NO_GPUS'])
  assert.equal((await create('two', 0)).statusCode, 201)
  for (const [path, body] of [
    [url, { gpus: 3 }],
    [url, { cpu: 1 }],
    [`${url}/rebuild`, undefined],
  ] as const)
    assert.equal(
      (await site.call(token, body ? 'PATCH' : 'POST', path, body)).json().code,
      'WORKSPACE_NO_GPUS',
      'what it has is not there any more',
    )
  assert.equal((await site.call(token, 'PATCH', url, { gpus: 0 })).json().gpus, 0)
})
