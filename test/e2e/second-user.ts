import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import type { User, Workspace } from '../lab/demo-user.ts'
import { operationsOn } from './every-route.ts'
import { devHost, host } from './platform-site.ts'

/** Asks the API; fails where the status is another. */
export async function ask<T>(user: User, status: number, method: string, path: string, body?: unknown): Promise<T> {
  const answer = await user.request(method, path, body)
  assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`)
  return answer.body as T
}

type Objects = { id: string }[]

/** All that belongs to a person, without the times of its last use. */
export async function belongings(user: User) {
  const list = (path: string) => ask<Objects>(user, 200, 'GET', path)
  const me = await ask<{ id: string; username: string; role: string }>(user, 200, 'GET', '/api/v0/me')
  const unused = (objects: Objects) => objects.map((object) => ({ ...object, lastActiveAt: 0, lastUsedAt: 0 }))
  return {
    me,
    workspaces: unused(await list('/api/v0/workspaces')),
    'ssh-keys': await list('/api/v0/ssh-keys'),
    'api-keys': unused(await list('/api/v0/api-keys')),
    sessions: unused(await list(`/api/v0/users/${me.id}/sessions`)),
  }
}

/** Sends every operation that names an object, with the ids of `victim`, as `intruder`. Returns how many there are. */
export async function assertApiRefuses(intruder: User, victim: User, organization: string): Promise<number> {
  const { me, ...lists } = await belongings(victim)
  const ids: Record<string, string> = { users: me.id, organizations: organization }
  for (const [collection, objects] of Object.entries(lists)) {
    const [first] = objects
    assert.ok(first !== undefined, `there are no ${collection} to protect`)
    ids[collection] = first.id
  }
  const document = await ask(intruder, 200, 'GET', '/api/v0/openapi.json')
  const operations = operationsOn(document, (collection) => ids[collection])
  for (const collection of Object.keys(ids))
    assert.ok(
      operations.some(({ path }) => path.includes(`/${collection}/${ids[collection]}`)),
      `no operation on ${collection}`,
    )
  for (const { method, path, body, permission } of operations) {
    // what everyone may read; there is none of this id
    const expected = permission === 'images:read' ? [404] : [403, 404]
    const answer = await intruder.request(method, path, body)
    assert.ok(expected.includes(answer.status), `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  }
  for (const collection of ['workspaces', 'ssh-keys', 'api-keys']) {
    const listed = await ask<Objects>(intruder, 200, 'GET', `/api/v0/${collection}`)
    assert.ok(!listed.some(({ id }) => id === ids[collection]), `${collection} of another are listed`)
  }
  const watch = intruder.openSocket('/api/v0/workspaces/watch-update')
  const snapshot = await new Promise<string>((resolve, reject) =>
    watch.once('error', reject).once('message', (data) => resolve(data.toString())),
  )
  watch.terminate()
  assert.ok(snapshot.includes('"snapshot"') && !snapshot.includes(ids.workspaces ?? ''), snapshot)
  return operations.length
}

const ticket = (user: User, { id }: Workspace, port: number) =>
  ask<{ ticket: string; path: string }>(user, 200, 'POST', `/api/v0/workspaces/${id}/tickets`, { port })

/** Tries to open the terminal of `theirs` with a ticket for the intruder's `own` workspace. */
export async function assertTerminalRefuses(intruder: User, own: Workspace, theirs: Workspace): Promise<void> {
  await ask(intruder, 404, 'POST', `/api/v0/workspaces/${theirs.id}/tickets`, { port: 26337 })
  const shell = await ticket(intruder, own, 26337)
  const socket = intruder.openSocket(`/proxy/workspaces/${theirs.id}/shell`, ['cde.shell.v1', `ticket.${shell.ticket}`])
  const answer = await new Promise<string>((resolve) => {
    socket.once('open', () => resolve('open'))
    socket.once('error', (error) => resolve(error.message))
  })
  assert.match(answer, /403/)
}

/** Tries to open the editor of `theirs` in the page of a browser in which the intruder is logged in and uses the `own` editor. */
export async function assertEditorRefuses(page: Page, own: Workspace, theirs: Workspace): Promise<void> {
  page.setDefaultTimeout(60_000)
  const editor = ({ id }: Workspace) => `https://ide-${id}.${devHost}/`
  const visit = async (url: string) => {
    const answer = await page.goto(url, { waitUntil: 'commit' })
    return [answer?.status(), new URL(page.url()).host]
  }
  assert.deepEqual(await visit(editor(own)), [200, new URL(editor(own)).host], 'the own editor')
  assert.deepEqual(await visit(editor(theirs)), [404, host], 'with the session of the site')
  const cookies = (await page.context().cookies(editor(own))).filter(({ name }) => name === '__Host-cde_visitor')
  assert.equal(cookies.length, 1)
  const forged = { name: '__Host-cde_visitor', value: cookies[0]?.value ?? '', url: editor(theirs), secure: true }
  await page.context().addCookies([forged])
  assert.deepEqual(await visit(editor(theirs)), [404, host], "with the own editor's cookie")
  for (const { id } of [own, theirs])
    assert.deepEqual(
      await visit(`https://${host}/proxy/workspaces/${id}/ide/`),
      [404, host],
      'at the origin of the site',
    )
}
