import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { ann, annEditor, devHost, eveEditor, pairOf, sendTo, siteUrl, startDevUrls } from './dev-url-site.ts'
import { open } from './site.ts'

const host = 'ide.example'
const code = (answer: { status: number; body: string }) => `${answer.status} ${JSON.parse(answer.body).code}`
const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none' }
const fetched = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' }

/** A site without a wildcard name: all editors are at one host, below the ids of their workspaces. */
async function startShared(t: TestContext, inside: Parameters<typeof startDevUrls>[1]) {
  const site = await startDevUrls(t, inside, { hosts: { devUrls: undefined, editors: host } })
  const send = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    sendTo(site.port, path, { host, ...headers }, method)
  /** Logs in at an editor with what the browser has; resolves with the answer that lets in. */
  const enter = async ({ workspace, label, id, port }: typeof annEditor, user: string, had = '') => {
    const away = await send(`/${workspace}/`)
    const state = new URL(String(away.headers.location)).searchParams.get('state')
    const ticket = await site.ticket({
      label,
      devUrl: id,
      workspace,
      port,
      state,
      sub: user,
      credential: `session:${user}`,
    })
    const cookie = [pairOf(away.headers), ...had.split('; ').filter((pair) => pair.includes('visitor'))].join('; ')
    const answer = await send(`/${workspace}/.cde/enter?ticket=${ticket}&to=/`, { cookie })
    assert.equal(answer.status, 302, answer.body)
    return { answer, cookie: `${pairOf(away.headers)}; ${pairOf(answer.headers)}` }
  }
  return { ...site, send, enter }
}

test('the way in is that of dev URLs, and leads back below the path of the workspace', async (t) => {
  const site = await startShared(t, (_request, answer) => answer.end('editor'))
  const away = await site.send(`/${ann.workspace}/?folder=/home`)
  const to = new URL(String(away.headers.location))
  assert.deepEqual([to.origin, to.pathname], [siteUrl, '/auth/dev-url'])
  assert.deepEqual([to.searchParams.get('label'), to.searchParams.get('to')], [annEditor.label, '/?folder=/home'])
  assert.match(pairOf(away.headers), /^__Host-cde_login=/)
  const { answer, cookie } = await site.enter(annEditor, 'ann')
  assert.equal(answer.headers.location, `/${ann.workspace}/`)
  assert.match(
    String(answer.headers['set-cookie']),
    /^__Host-cde_visitor=[\w.-]+; Max-Age=34560000; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  )
  const page = await site.send(`/${ann.workspace}/static/a.js?v=1`, { cookie })
  assert.deepEqual([page.body, site.reached.at(-1)?.url], ['editor', '/static/a.js?v=1'])
  const bare = await site.send(`/${ann.workspace}?folder=/home`, { cookie })
  assert.deepEqual([bare.status, bare.headers.location], [308, `/${ann.workspace}/?folder=/home`])
})

test('nobody’s browser shows another’s workspace, whoever’s link it follows', async (t) => {
  const site = await startShared(t, (_request, answer) => answer.end('a workspace'))
  const anns = await site.enter(annEditor, 'ann')
  const eves = await site.enter(eveEditor, 'eve')
  const enter = async (state: string) => {
    const { label, id, workspace, port } = eveEditor
    const ticket = await site.ticket({
      label,
      devUrl: id,
      workspace,
      port,
      state,
      sub: 'eve',
      credential: 'session:eve',
    })
    return `/${workspace}/.cde/enter?ticket=${ticket}&to=/`
  }
  const digest = (cookie: string) =>
    createHash('sha256')
      .update(/login=([^;]*)/.exec(cookie)?.[1] ?? '')
      .digest('base64url')
  const followed = await site.send(await enter(digest(eves.cookie)), { cookie: anns.cookie })
  assert.equal(code(followed), '403 TICKET_BROWSER')
  assert.equal(followed.headers['set-cookie'], undefined)
  // ann's browser goes to eve's workspace: the manager sends nobody back who does not own it
  const visited = await site.send(`/${eveEditor.workspace}/`, { cookie: anns.cookie, ...navigation })
  assert.equal(new URL(String(visited.headers.location)).pathname, '/auth/dev-url')
  // and a page of ann's own workspace reads nothing there
  assert.equal(
    code(await site.send(`/${eveEditor.workspace}/`, { cookie: anns.cookie, ...fetched })),
    '403 ACCESS_DENIED',
  )
  const socket = await open(`ws://127.0.0.1:${site.port}/${eveEditor.workspace}/`, [], {
    host,
    cookie: anns.cookie,
    origin: `https://${host}`,
  })
  assert.ok('status' in socket && socket.body.code === 'ACCESS_DENIED')
  assert.equal(site.reached.length, 0)
})

test('one browser is one person’s there: who comes after another finds nothing of theirs, and replaces them', async (t) => {
  const site = await startShared(t, (_request, answer) => answer.end('editor'))
  const first = await site.enter(annEditor, 'ann')
  assert.equal(first.answer.headers['clear-site-data'], '"cache", "storage"', 'who was there is not known')
  const again = await site.enter(annEditor, 'ann', first.cookie)
  assert.equal(again.answer.headers['clear-site-data'], undefined, 'the same person keeps what the editor stored')
  const second = await site.enter(eveEditor, 'eve', first.cookie)
  assert.equal(second.answer.headers['clear-site-data'], '"cache", "storage"')
  assert.equal((await site.send(`/${eveEditor.workspace}/`, { cookie: second.cookie })).body, 'editor')
  const denied = await site.send(`/${ann.workspace}/`, { cookie: second.cookie, ...fetched })
  assert.equal(code(denied), '403 ACCESS_DENIED', 'the cookie of the first one is gone')
})

test('a cookie of one host is none at the other kind', async (t) => {
  const shared = await startShared(t, (_request, answer) => answer.end('editor'))
  const own = await startDevUrls(t, (_request, answer) => answer.end('editor'))
  const { cookie } = await shared.enter(annEditor, 'ann')
  assert.equal((await own.send(annEditor.label, '/', { cookie })).status, 302)
  const other = await own.enter(annEditor)
  assert.equal((await shared.send(`/${ann.workspace}/`, { cookie: other })).status, 302)
})

test('what a workspace answers there stays below its path', async (t) => {
  const site = await startShared(t, (_request, answer) => {
    answer.writeHead(302, [
      ['Set-Cookie', 'vscode-a=1; Path=/; HttpOnly'],
      ['Set-Cookie', '__Host-cde_visitor=forged; Path=/; Secure'],
      ['Location', `https://${host}/${eveEditor.workspace}/`],
      ['Service-Worker-Allowed', '/'],
      ['Clear-Site-Data', '"*"'],
    ] as never)
    answer.end()
  })
  const { cookie } = await site.enter(annEditor, 'ann')
  const { headers } = await site.send(`/${ann.workspace}/`, { cookie: `${cookie}; vscode-b=2` })
  assert.deepEqual(headers['set-cookie'], [`vscode-a=1; HttpOnly; Path=/${ann.workspace}/`])
  assert.equal(headers.location, `/${ann.workspace}/${eveEditor.workspace}/`)
  for (const name of ['service-worker-allowed', 'clear-site-data']) assert.equal(headers[name], undefined, name)
  assert.equal(headers['content-security-policy'], "frame-ancestors 'self'")
  assert.equal(headers['cross-origin-resource-policy'], 'same-origin')
  assert.equal(site.reached.at(-1)?.headers.cookie, 'vscode-b=2')
})

test('a WebSocket opens for the editor’s own pages, and ends with the session', async (t) => {
  const site = await startShared(t, (_request, answer) => answer.end('editor'))
  const { cookie } = await site.enter(annEditor, 'ann')
  const url = `ws://127.0.0.1:${site.port}/${ann.workspace}/?reconnectionToken=1`
  const foreign = await open(url, [], { host, cookie, origin: siteUrl })
  assert.ok('status' in foreign && foreign.body.code === 'ORIGIN_FOREIGN')
  const own = await open(url, [], { host, cookie, origin: `https://${host}` })
  assert.ok('websocket' in own)
  assert.equal(site.reached.at(-1)?.url, '/?reconnectionToken=1')
  const closed = new Promise((resolve) => own.websocket.once('close', resolve))
  site.manager.may = () => false
  await closed
})

test('nothing else is at that host, and no dev URL anywhere', async (t) => {
  const site = await startShared(t, (_request, answer) => answer.end('editor'))
  const { cookie } = await site.enter(annEditor, 'ann')
  for (const path of ['/', '/healthz', '/metrics', `/proxy/workspaces/${ann.workspace}/shell`, '/favicon.ico'])
    assert.equal(code(await site.send(path, { cookie })), '404 DEV_URL_UNKNOWN', path)
  for (const other of [`x.${host}`, `${host}.`])
    assert.equal(
      code(await sendTo(site.port, `/${ann.workspace}/`, { host: other, cookie })),
      '404 DEV_URL_UNKNOWN',
      other,
    )
  assert.equal(code(await sendTo(site.port, '/', { host: `${ann.label}.${devHost}`, cookie })), '404 ROUTE_UNKNOWN')
  assert.equal(site.reached.length, 0)
})
