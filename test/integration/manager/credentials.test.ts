import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { credentialHolds } from '../../../services/manager/credential.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { newSite, password, type Site } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

const day = 24 * 60 * 60 * 1000
const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGq8dH3nmB6kHnTt0nmQbXcTqvrsKNEKsKI5xvBhRlJq'

/** Ada with a session, an API key, an SSH key, and another session by which the others are taken away. */
async function ada(site: Site) {
  const { id: user } = await site.user('ada')
  const token = await site.logIn('ada')
  const [{ id: session }] = (await site.call(token, 'GET', `/api/v0/users/${user}/sessions`)).json()
  const keeper = await site.logIn('ada')
  const wanted = { name: 'ci', scopes: ['workspaces:open', 'workspaces:read'], days: 2 }
  const apiKey = (await site.call(keeper, 'POST', '/api/v0/api-keys', wanted)).json()
  const sshKey = (await site.call(keeper, 'POST', '/api/v0/ssh-keys', { key: publicKey })).json()
  return { user, token, keeper, session, apiKey: apiKey.id, sshKey: sshKey.id }
}
type Ada = Awaited<ReturnType<typeof ada>>

const wait = (site: Site, milliseconds: number): void => {
  site.time.now += milliseconds + 1
}

/** What each act leaves: the session, the API key, the SSH key. */
const acts: Record<string, { does(site: Site, ada: Ada): Promise<unknown>; left: boolean[] }> = {
  nothing: { does: async () => undefined, left: [true, true, true] },
  'the session is closed': {
    does: (site, { token }) => site.call(token, 'POST', '/auth/logout'),
    left: [false, true, true],
  },
  'the session is revoked': {
    does: (site, { keeper, user, session }) => site.call(keeper, 'DELETE', `/api/v0/users/${user}/sessions/${session}`),
    left: [false, true, true],
  },
  'the password is changed': {
    does: (site, { keeper, user }) =>
      site.call(keeper, 'PUT', `/api/v0/users/${user}/password`, {
        password: 'staple battery horse',
        current: password,
      }),
    left: [false, true, true],
  },
  'a day goes by': { does: async (site) => wait(site, day), left: [false, true, true] },
  'two days go by': { does: async (site) => wait(site, 2 * day), left: [false, false, true] },
  'the API key is deleted': {
    does: (site, { keeper, apiKey }) => site.call(keeper, 'DELETE', `/api/v0/api-keys/${apiKey}`),
    left: [true, false, true],
  },
  'the API key loses its scope': {
    does: (site) => site.database.query(`UPDATE api_keys SET scopes = '{workspaces:read}'`),
    left: [true, false, true],
  },
  'the SSH key is deleted': {
    does: (site, { keeper, sshKey }) => site.call(keeper, 'DELETE', `/api/v0/ssh-keys/${sshKey}`),
    left: [true, true, false],
  },
  'the user is deactivated': {
    does: (site) => site.database.query(`UPDATE users SET deactivated_at = now()`),
    left: [false, false, false],
  },
}

for (const [act, { does, left }] of Object.entries(acts))
  test(`what a user opened workspaces with, after: ${act}`, async (t) => {
    const site = await newSite(t, postgres)
    const one = await ada(site)
    const answer = await does(site, one)
    if (answer && typeof answer === 'object' && 'statusCode' in answer) assert.equal(answer.statusCode, 204)
    const credentials = [`session:${one.session}`, `api-key:${one.apiKey}`, `ssh-key:${one.sshKey}`]
    const hold = (user: string) =>
      Promise.all(credentials.map((credential) => credentialHolds(site.database, { user, credential }, site.time.now)))
    assert.deepEqual(await hold(one.user), left)
    const bob = await site.user('bob')
    assert.deepEqual(await hold(bob.id), [false, false, false], "another's opens nothing")
  })

test('what names no credential holds nothing', async (t) => {
  const site = await newSite(t, postgres)
  const { user, session } = await ada(site)
  for (const credential of [
    '',
    session,
    `sessions:${session}`,
    `session:${session}\n`,
    `api-key:${session}`,
    'toString:a',
  ])
    assert.equal(await credentialHolds(site.database, { user, credential }, site.time.now), false, credential)
})
