import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ann, annEditor, devHost, eveEditor, pairOf, sendTo, startDevUrls } from './dev-url-site.ts'
import { refusal } from './site.ts'

const code = (answer: { status: number; body: string }) => `${answer.status} ${JSON.parse(answer.body).code}`
const own = `https://${annEditor.label}.${devHost}`

test('an editor is at an origin of its own, at the port of editors', async (t) => {
  const ports: number[] = []
  const site = await startDevUrls(t, (_request, answer) => answer.end('editor'), {
    located: ({ port }) => ports.push(port),
  })
  const cookie = await site.enter(annEditor)
  const answer = await site.send(annEditor.label, '/?folder=%2Fhome', { cookie })
  assert.deepEqual([answer.status, answer.body], [200, 'editor'])
  assert.deepEqual([site.reached.at(-1)?.url, ports], ['/?folder=%2Fhome', [13337]])
})

test('nothing that a workspace answers is at the origin of the site', async (t) => {
  const site = await startDevUrls(t, (_request, answer) => answer.end('of the workspace'))
  const cookie = `${await site.enter(annEditor)}; cde_ide_${ann.workspace}=x`
  const { state } = await site.begin(annEditor.label)
  const ticket = await site.ticket({ ...annEditor, devUrl: annEditor.id, state })
  const base = `/proxy/workspaces/${ann.workspace}`
  for (const host of ['cde.example', `${annEditor.label}.cde.example`, `x${devHost}`, '127.0.0.1'])
    for (const path of [
      `${base}/ide`,
      `${base}/ide/`,
      `${base}/ide/?ticket=${ticket}`,
      `${base}/ide/static/a.js`,
      `${base}/shell/`,
      `/.cde/enter?ticket=${ticket}&to=/`,
      '/',
    ]) {
      const answer = await sendTo(site.port, path, { host, cookie })
      assert.equal(code(answer), '404 ROUTE_UNKNOWN', `${host} ${path}`)
      assert.equal(answer.headers['set-cookie'], undefined)
      const url = `ws://127.0.0.1:${site.port}${path}`
      const headers = { host, cookie, origin: `https://${host}` }
      assert.equal(await refusal(url, [`ticket.${ticket}`], headers), '404 ROUTE_UNKNOWN', `${host} ${path}`)
    }
  assert.equal(code(await sendTo(site.port, `${base}/shell`, { host: 'cde.example', cookie })), '426 UPGRADE_REQUIRED')
  assert.equal(site.reached.length, 0)
})

test('who follows another’s link sees nothing of the other’s workspace, whatever they are logged in as', async (t) => {
  const site = await startDevUrls(t, (_request, answer) => answer.end('page of an attacker'))
  const attackers = await site.begin(eveEditor.label)
  const claims = {
    label: eveEditor.label,
    devUrl: eveEditor.id,
    workspace: eveEditor.workspace,
    port: 13337,
    sub: 'eve',
  }
  const link = async () => `/.cde/enter?ticket=${await site.ticket({ ...claims, state: attackers.state })}&to=/`
  const victims = await site.begin(eveEditor.label)
  for (const headers of [{}, { cookie: victims.cookie }, { cookie: await site.enter(annEditor) }] as Record<
    string,
    string
  >[]) {
    const answer = await site.send(eveEditor.label, await link(), headers)
    assert.equal(code(answer), '403 TICKET_BROWSER')
    assert.equal(answer.headers['set-cookie'], undefined)
    // an editor of the victim's takes no ticket of another's
    assert.equal(code(await site.send(annEditor.label, await link(), headers)), '403 TICKET_ELSEWHERE')
  }
  // the victim's own login at that address: the manager gives no ticket, as for every private dev URL
  const away = await site.send(eveEditor.label, '/', { cookie: await site.enter(annEditor) })
  assert.deepEqual([away.status, pairOf(away.headers).split('=')[0]], [302, '__Host-cde_login'])
  assert.equal(site.reached.length, 0)
})

test('the cookie of an editor opens no other editor, and no dev URL of the same workspace', async (t) => {
  const site = await startDevUrls(t, (_request, answer) => answer.end('page'))
  const cookie = await site.enter(annEditor)
  for (const { label } of [eveEditor, ann]) assert.equal((await site.send(label, '/', { cookie })).status, 302, label)
  assert.equal((await site.send(annEditor.label, '/', { cookie: await site.enter(ann) })).status, 302)
  assert.equal(site.reached.length, 0)
})

test('an editor is embedded by nobody but itself, whatever its workspace answers', async (t) => {
  const site = await startDevUrls(t, (_request, answer) => {
    answer.setHeader('content-security-policy', "default-src 'self'; frame-ancestors *")
    answer.setHeader('cross-origin-resource-policy', 'cross-origin')
    answer.end('editor')
  })
  const cookie = await site.enter(annEditor)
  const { headers } = await site.send(annEditor.label, '/', { cookie })
  assert.equal(headers['content-security-policy'], "default-src 'self'; frame-ancestors *, frame-ancestors 'self'")
  assert.equal(headers['cross-origin-resource-policy'], 'same-origin')
  const from = async (site_: string, mode: string, dest: string) => {
    const sent = { 'sec-fetch-site': site_, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest }
    return (await site.send(annEditor.label, '/', { cookie, ...sent })).status
  }
  for (const other of ['same-site', 'cross-site']) {
    assert.equal(await from(other, 'navigate', 'iframe'), 403)
    assert.equal(await from(other, 'no-cors', 'script'), 403)
    assert.equal(await from(other, 'navigate', 'document'), 200, 'a link')
  }
  assert.equal(await from('same-origin', 'navigate', 'iframe'), 200, 'a webview of the editor')
  const refused = await site.send(eveEditor.label, '/', {
    cookie,
    'sec-fetch-mode': 'cors',
    'sec-fetch-site': 'same-origin',
  })
  assert.match(String(refused.headers['content-security-policy']), /frame-ancestors 'none'/)
})

test('an editor’s WebSockets are for its own pages, and what passes there is use of the workspace', async (t) => {
  const site = await startDevUrls(t, (_request, answer) => answer.end('editor'), { lookMs: 20 })
  const cookie = await site.enter(annEditor)
  const foreign = `https://${eveEditor.label}.${devHost}`
  for (const headers of [{ cookie }, { cookie, origin: foreign }] as Record<string, string>[]) {
    const result = await site.socket(annEditor.label, headers)
    assert.ok('status' in result && result.body.code === 'ORIGIN_FOREIGN')
  }
  assert.equal(site.reached.length, 0)
  const result = await site.socket(annEditor.label, { cookie, origin: own })
  assert.ok('websocket' in result)
  assert.deepEqual(site.used, [ann.workspace], 'opening it is use')
  result.websocket.send('idle')
  await once(result.websocket, 'message')
  await sleep(60)
  assert.equal(site.used.length, 1, 'a ping is none')
  result.websocket.send('x'.repeat(8192))
  while (site.used.length < 2) await sleep(10)
  const closed = once(result.websocket, 'close')
  site.manager.may = () => false
  await closed
})

test('an editor whose workspace does not answer is a page that says so', async (t) => {
  const site = await startDevUrls(t, (request) => request.socket.destroy())
  const { status, headers, body } = await site.send(annEditor.label, '/', {
    cookie: await site.enter(annEditor),
    accept: 'text/html',
  })
  assert.equal(status, 502)
  assert.match(String(headers['content-type']), /^text\/html/)
  assert.match(body, /The workspace can not be reached; is it running\?.*<a href="https:\/\/cde\.example">/)
})
