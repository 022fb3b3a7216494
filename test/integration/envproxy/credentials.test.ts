import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Postgres, startPostgres } from '../postgres.ts'
import { startCredentialSite } from './credential-site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

type Site = Awaited<ReturnType<typeof startCredentialSite>>
const session = /^session,/
const everything = /^/
const adas = /^(session,|API key|SSH key)/

/** What takes access away, and what ends with it; all else stays open. */
const acts: Record<string, { ends: RegExp; does(site: Site): Promise<unknown> }> = {
  'the session is closed': { ends: session, does: ({ call, ada }) => call(ada.token, 'POST', '/auth/logout') },
  'the session is revoked': {
    ends: session,
    does: ({ call, ada, keeper }) => call(keeper, 'DELETE', `/api/v0/users/${ada.id}/sessions/${ada.session}`),
  },
  'the session expires': {
    ends: session,
    does: ({ database, time, ada }) =>
      database.query('UPDATE sessions SET expires_at = $2 WHERE id = $1', [ada.session, new Date(time.now)]),
  },
  'the password is changed': {
    ends: session,
    does: ({ call, ada, keeper, password }) =>
      call(keeper, 'PUT', `/api/v0/users/${ada.id}/password`, { password: 'staple battery horse', current: password }),
  },
  'the API key is deleted': {
    ends: /^API key/,
    does: ({ call, keeper, apiKey }) => call(keeper, 'DELETE', `/api/v0/api-keys/${apiKey.id}`),
  },
  'the API key expires': {
    ends: /^API key/,
    does: ({ database, time }) => database.query('UPDATE api_keys SET expires_at = $1', [new Date(time.now)]),
  },
  'the SSH key is deleted': {
    ends: /^SSH key/,
    does: ({ call, keeper, sshKey }) => call(keeper, 'DELETE', `/api/v0/ssh-keys/${sshKey.id}`),
  },
  'the user is deactivated': {
    ends: everything,
    does: ({ call, ada, root }) => call(root.token, 'PATCH', `/api/v0/users/${ada.id}`, { active: false }),
  },
  'the role is lowered': {
    ends: /^session of an admin/,
    async does({ call, user, logIn, root }) {
      await user('other', 'site-admin')
      return await call(await logIn('other'), 'PATCH', `/api/v0/users/${root.id}`, { role: 'site-member' })
    },
  },
  'the workspace is deleted': {
    ends: everything,
    does: ({ call, keeper, workspace }) => call(keeper, 'DELETE', `/api/v0/workspaces/${workspace.id}`),
  },
  'the workspace is stopped': {
    // the pages of a workspace that is off end with its pod
    ends: /terminal|SSH$/,
    does: ({ call, keeper, workspace }) => call(keeper, 'POST', `/api/v0/workspaces/${workspace.id}/stop`),
  },
  'the workspace changes hands': {
    ends: adas,
    does: ({ database, root }) => database.query('UPDATE workspaces SET owner_id = $1', [root.id]),
  },
}

for (const [act, { ends, does }] of Object.entries(acts))
  test(`what was opened ends with what opened it, and nothing else does: ${act}`, async (t) => {
    const site = await startCredentialSite(t, postgres)
    const all = await site.openAll()
    for (const [name, , { closed }] of all) assert.ok(!closed(), name)
    const answer = await does(site)
    if (answer !== null && typeof answer === 'object' && 'statusCode' in answer)
      assert.match(String(answer.statusCode), /^2/)
    const ended = all.filter(([name]) => ends.test(name))
    const stay = all.filter(([name]) => !ends.test(name))
    const open = () => ended.filter(([, , { closed }]) => !closed()).map(([name]) => name)
    await until(
      () => open().length === 0,
      () => `still open: ${open()}`,
    )
    for (const [name, , { again }] of ended) assert.notEqual(await again(), 'in', `${name}, once more`)
    // the manager was asked about each more than once since: it would have ended by now
    const since = site.asked.length
    const timesAsked = (about: string) => site.asked.slice(since).filter((one) => one === about).length
    await until(
      () => stay.every(([, asked]) => timesAsked(asked) >= 2),
      () => `asked about ${site.asked.slice(since)}`,
    )
    for (const [name, , { closed }] of stay) assert.ok(!closed(), `${name} has ended`)
  })

async function until(done: () => boolean, what: () => string): Promise<void> {
  for (let i = 0; i < 1000; i += 1) {
    if (done()) return
    await sleep(10)
  }
  throw new Error(`not within 10 s: ${what()}`)
}
