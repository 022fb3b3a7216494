import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ensureReleaseImage } from '../../../services/manager/images/release-image.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { newSite, type Site, workspaceImage } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

const size = { cpu: 1, memoryGiB: 1, diskGiB: 1 }
const digest = `sha256:${'b'.repeat(64)}`

async function workshop(site: Site) {
  await site.user('mia', 'site-manager')
  await site.user('ada')
  const [manager, member] = [await site.logIn('mia'), await site.logIn('ada')]
  const registry = await site.call(manager, 'POST', '/api/v0/registries', {
    name: 'tools',
    host: 'tools.example:5000',
    pullSecret: 'tools-pull',
  })
  const image = await site.call(manager, 'POST', '/api/v0/images', {
    name: 'python',
    registry: registry.json().id,
    repository: 'dev/python',
    tag: '3.13',
  })
  return { manager, member, registry: registry.json(), image: image.json() }
}

test('the image of the release is there from the start; a newer release becomes the default', async (t) => {
  const site = await newSite(t, postgres)
  const { member } = await workshop(site)
  const [first] = (await site.call(member, 'GET', '/api/v0/images')).json()
  assert.deepEqual(
    [first.releaseImage, first.repository, first.tags],
    [true, 'registry.example/cde/workspace', [{ tag: 'release', reference: workspaceImage }]],
  )
  const workspace = (await site.call(member, 'POST', '/api/v0/workspaces', { name: 'a', ...size })).json()
  assert.deepEqual([workspace.image, workspace.imageId], [workspaceImage, first.id])
  const next = `registry.example/cde/workspace:0.2.0@${digest}`
  await Promise.all([ensureReleaseImage(site.database, next), ensureReleaseImage(site.database, next)])
  const kept = (await site.call(member, 'GET', `/api/v0/workspaces/${workspace.id}`)).json()
  assert.equal(kept.image, workspaceImage, 'a workspace keeps its image until it is rebuilt')
  const rebuilt = (await site.call(member, 'POST', `/api/v0/workspaces/${workspace.id}/rebuild`)).json()
  assert.deepEqual([rebuilt.image, rebuilt.tag], [next, '0.2.0'])
  for (const bad of ['workspace', 'a.example/UP:1', 'a.example/x', ''])
    await assert.rejects(ensureReleaseImage(site.database, bad))
})

test('where the release comes from another registry, its workspaces follow at their next start, and no others', async (t) => {
  const site = await newSite(t, postgres)
  const { member, image } = await workshop(site)
  const make = async (name: string, more: object = {}): Promise<string> =>
    (await site.call(member, 'POST', '/api/v0/workspaces', { name, ...size, ...more })).json().id
  const [runs, off, added] = [await make('runs'), await make('off'), await make('added', { image: image.id })]
  await site.reconcile()
  const starts = await make('starts')
  for (const id of [off, added]) await site.call(member, 'POST', `/api/v0/workspaces/${id}/stop`)
  await site.reconcile()
  await site.database.query('UPDATE workspaces SET applied_generation = 0 WHERE id = $1', [starts])

  const moved = `mirror.example/site/cde/workspace@${digest}`
  await ensureReleaseImage(site.database, moved)
  await site.reconcile()
  const imageOf = (id: string) => site.engine.specs.get(id)?.image
  assert.equal(imageOf(runs), workspaceImage, 'what runs goes on')
  assert.equal(imageOf(starts), moved, 'what had not begun begins there')
  for (const id of [off, added]) await site.call(member, 'POST', `/api/v0/workspaces/${id}/start`)
  await site.call(member, 'POST', `/api/v0/workspaces/${runs}/start`)
  await site.reconcile()
  assert.equal(imageOf(runs), workspaceImage, 'it was started before')
  assert.equal(imageOf(off), moved)
  assert.equal(imageOf(added), 'tools.example:5000/dev/python:3.13')
  assert.deepEqual(
    [off, added].map((id) => site.engine.specs.get(id)?.ofRelease),
    [true, false],
  )

  // another release from the same place is taken by a rebuild alone
  await ensureReleaseImage(site.database, `mirror.example/site/cde/workspace@sha256:${'c'.repeat(64)}`)
  for (const verb of ['stop', 'start']) await site.call(member, 'POST', `/api/v0/workspaces/${off}/${verb}`)
  await site.reconcile()
  assert.equal(imageOf(off), moved)
})

test('a workspace is made of a chosen image and tag, within the sizes that the image allows', async (t) => {
  const site = await newSite(t, postgres)
  const { manager, member, image } = await workshop(site)
  const create = (body: object) => site.call(member, 'POST', '/api/v0/workspaces', { name: 'py', ...size, ...body })
  assert.equal((await create({ image: image.id, tag: '2.7' })).json().code, 'WORKSPACE_TAG')
  assert.equal((await create({ image: 'aaaaaaaaaa' })).json().code, 'WORKSPACE_IMAGE')
  const url = `/api/v0/images/${image.id}`
  await site.call(manager, 'PATCH', url, { sizes: { maxCpu: 2, maxMemoryGiB: 2, maxDiskGiB: 2, maxGpus: 1 } })
  for (const change of [{ cpu: 2.25 }, { memoryGiB: 3 }, { diskGiB: 3 }, { gpus: 2 }])
    assert.equal((await create({ image: image.id, ...change })).json().code, 'WORKSPACE_TOO_LARGE')
  await site.call(manager, 'PUT', `${url}/tags/3.14`, { digest })
  const created = (await create({ image: image.id, tag: '3.14' })).json()
  assert.equal(created.image, `tools.example:5000/dev/python:3.14@${digest}`)
  await site.reconcile()
  assert.equal(site.engine.specs.get(created.id)?.pullSecret, 'tools-pull')
  assert.equal((await create({ name: 'other', image: 'tools.example:5000/dev/python:3.13' })).statusCode, 201)
  await site.call(manager, 'PATCH', url, { deprecated: true })
  assert.equal((await create({ name: 'late', image: image.id })).json().code, 'WORKSPACE_IMAGE')
})

test('images, tags and registries in use stay, and only managers change them', async (t) => {
  const site = await newSite(t, postgres)
  const { manager, member, registry, image } = await workshop(site)
  const url = `/api/v0/images/${image.id}`
  for (const [method, path, body] of [
    ['POST', '/api/v0/registries', { name: 'x', host: 'x' }],
    ['PATCH', url, { deprecated: true }],
    ['PUT', `${url}/tags/x`, {}],
    ['DELETE', url],
    ['DELETE', `/api/v0/registries/${registry.id}`],
  ] as const)
    assert.equal((await site.call(member, method, path, body)).statusCode, 403, `${method} ${path}`)
  const workspace = (
    await site.call(member, 'POST', '/api/v0/workspaces', { name: 'py', image: image.id, ...size })
  ).json()
  assert.equal((await site.call(manager, 'DELETE', url)).json().code, 'IMAGE_IN_USE')
  assert.equal((await site.call(manager, 'DELETE', `/api/v0/registries/${registry.id}`)).json().code, 'REGISTRY_IN_USE')
  assert.equal((await site.call(manager, 'DELETE', `${url}/tags/3.13`)).json().code, 'IMAGE_TAG_DEFAULT')
  assert.equal((await site.call(manager, 'PATCH', url, { defaultTag: 'none' })).json().code, 'IMAGE_TAG_UNKNOWN')
  await site.call(manager, 'PUT', `${url}/tags/3.14`, {})
  assert.equal((await site.call(manager, 'PATCH', url, { defaultTag: '3.14' })).json().defaultTag, '3.14')
  assert.equal((await site.call(manager, 'DELETE', `${url}/tags/3.13`)).statusCode, 204)
  await site.call(member, 'DELETE', `/api/v0/workspaces/${workspace.id}`)
  await site.reconcile()
  assert.equal((await site.call(manager, 'DELETE', url)).statusCode, 204)
  const [release] = (await site.call(manager, 'GET', '/api/v0/images')).json()
  assert.equal((await site.call(manager, 'DELETE', `/api/v0/images/${release.id}`)).json().code, 'IMAGE_IN_USE')
  assert.equal((await site.call(manager, 'DELETE', `/api/v0/registries/${registry.id}`)).statusCode, 204)
  const body = { name: 'evil', registry: release.registry, repository: '../x', tag: 'a b' }
  assert.equal((await site.call(manager, 'POST', '/api/v0/images', body)).statusCode, 400)
})

test('an edit changes cores, memory and image within quota and limits; a rebuild asks for a new pod', async (t) => {
  const site = await newSite(t, postgres)
  const { manager, member, image } = await workshop(site)
  const { id } = (await site.call(member, 'POST', '/api/v0/workspaces', { name: 'a', ...size })).json()
  await site.reconcile()
  const patch = (body: object) => site.call(member, 'PATCH', `/api/v0/workspaces/${id}`, body)
  const edited = (await patch({ cpu: 2, memoryGiB: 3, image: image.id })).json()
  assert.deepEqual(
    [edited.cpu, edited.memoryGiB, edited.image, edited.status],
    [2, 3, 'tools.example:5000/dev/python:3.13', 'CREATING'],
  )
  await site.reconcile()
  const spec = () => site.engine.specs.get(id)
  assert.deepEqual([spec()?.cpuMilli, spec()?.memoryGiB, spec()?.image, spec()?.rebuilds], [2000, 3, edited.image, 0])
  await site.call(manager, 'PATCH', '/api/v0/organizations/default000', { quota: { cpu: 3 }, limits: { memoryGiB: 4 } })
  assert.equal((await patch({ cpu: 3.25 })).json().code, 'QUOTA_EXCEEDED')
  assert.equal((await patch({ memoryGiB: 5 })).json().code, 'WORKSPACE_TOO_LARGE')
  for (const body of [{}, { diskGiB: 0 }, { name: 'b' }, { cpu: 0 }])
    assert.equal((await patch(body)).statusCode, 400, JSON.stringify(body))
  const generation = async () => (await site.database.query('SELECT generation FROM workspaces')).rows[0].generation
  const before = await generation()
  await patch({ autoOffMinutes: 60 })
  assert.equal(await generation(), before, 'auto-off alone does not touch the pod')
  assert.equal((await site.call(member, 'POST', `/api/v0/workspaces/${id}/rebuild`)).statusCode, 200)
  await site.reconcile()
  assert.equal(spec()?.rebuilds, 1)
  await site.user('bob')
  assert.equal(
    (await site.call(await site.logIn('bob'), 'PATCH', `/api/v0/workspaces/${id}`, { cpu: 1 })).statusCode,
    404,
  )
})
