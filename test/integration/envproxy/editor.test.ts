import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAccess, type Verdict } from '../../../services/envproxy/access.ts'
import { createEnvproxy } from '../../../services/envproxy/app.ts'
import { managerKeys } from '../../../services/envproxy/ticket.ts'
import { guarded, signingKey } from './guarded.ts'
import { echo, listen, open } from './site.ts'

const workspace = 'abcde12345'
const ide = `/proxy/workspaces/${workspace}/ide`

/** An envproxy before a workspace whose answers the test decides, and a manager that says who may stay. */
async function startSite(t: TestContext, workspaceAnswers: (request: IncomingMessage, answer: ServerResponse) => void) {
  const key = await signingKey()
  const keys = JSON.stringify(key.jwks)
  const manager = await listen(
    t,
    createServer((_request, answer) => answer.setHeader('content-type', 'application/json').end(keys)),
  )
  const inside = createServer(workspaceAnswers)
  inside.on(
    'upgrade',
    echo((seen) => upgrades.push(seen)),
  )
  const upgrades: IncomingMessage[] = []
  const insidePort = await listen(t, guarded(key, { workspace, port: 13337 }, inside))
  const verdict: { now: Verdict; asked: number } = { now: { grant: await key.grant(workspace, 13337) }, asked: 0 }
  const access = createAccess({
    ask: async () => {
      verdict.asked += 1
      return verdict.now
    },
    freshMs: 100,
    staleMs: 300,
  })
  const envproxy = createEnvproxy({
    keys: managerKeys(`http://127.0.0.1:${manager}`),
    locate: () => ({ host: '127.0.0.1', port: insidePort }),
    sharedKey: 'a key of more than thirty-two characters, shared',
    access,
  })
  const port = await listen(t, envproxy.app.server)
  await envproxy.app.ready()
  t.after(() => access.close())
  const ticket = (claims: object = {}) =>
    key.sign({ sub: 'user-1', workspace, port: 13337, path: ide, credential: 'session:1', ...claims }, 'envproxy')
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET', body?: string) =>
    send(port, path, headers, method, body)
  const enter = async () => {
    const { headers } = await get(`${ide}/?ticket=${await ticket()}`)
    return String(headers['set-cookie']?.[0]).split(';')[0] as string
  }
  return { port, ticket, get, enter, verdict, upgrades }
}

interface Answer {
  status: number
  headers: IncomingMessage['headers']
  body: string
}

function send(
  port: number,
  path: string,
  headers: Record<string, string>,
  method: string,
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port, path, method, headers: { host: 'site.example', ...headers } },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }))
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

test('a ticket is exchanged once for a cookie of this workspace, and leaves the address', async (t) => {
  const site = await startSite(t, (_request, answer) => answer.end('editor'))
  const ticket = await site.ticket()
  const first = await site.get(`${ide}/?folder=%2Fhome&ticket=${ticket}`)
  assert.equal(first.status, 302)
  assert.equal(first.headers.location, `${ide}/?folder=%2Fhome`)
  assert.equal(first.headers['referrer-policy'], 'no-referrer')
  assert.match(
    String(first.headers['set-cookie']),
    /^cde_ide_abcde12345=[\w.-]+; Path=\/proxy\/workspaces\/abcde12345\/; Max-Age=43200; HttpOnly; Secure; SameSite=Lax$/,
  )
  assert.match((await site.get(`${ide}/?ticket=${ticket}`)).body, /TICKET_USED/)
  const cookie = String(first.headers['set-cookie']).split(';')[0] as string
  assert.equal((await site.get(`${ide}/`, { cookie })).body, 'editor')
})

test('without a sound cookie of this workspace nothing reaches the workspace', async (t) => {
  let reached = 0
  const site = await startSite(t, (_request, answer) => {
    reached += 1
    answer.end()
  })
  const cookie = await site.enter()
  const other = cookie.replace(workspace, 'zzzzz12345')
  for (const headers of [{}, { cookie: `${cookie}x` }, { cookie: other }, { cookie: 'cde_ide_abcde12345=' }] as Record<
    string,
    string
  >[]) {
    const { status, body } = await site.get(`${ide}/`, headers)
    assert.deepEqual([status, JSON.parse(body).code], [401, 'EDITOR_LOGIN'])
  }
  assert.equal((await site.get(`/proxy/workspaces/zzzzz12345/ide/`, { cookie: other })).status, 401)
  for (const claims of [{ port: 26337 }, { workspace: 'zzzzz12345' }, { path: `${ide}/` }])
    assert.equal((await site.get(`${ide}/?ticket=${await site.ticket(claims)}`)).status, 403)
  assert.equal(reached, 0)
})

test('the workspace gets the request without anything of the site, and may not act on the site', async (t) => {
  let seen: IncomingMessage | undefined
  let sent = ''
  const site = await startSite(t, (incoming, answer) => {
    seen = incoming
    incoming.on('data', (chunk) => {
      sent += chunk
    })
    incoming.on('end', () => {
      answer.writeHead(201, [
        ['Set-Cookie', 'vscode-a=1; Path=/; Domain=site.example; HttpOnly'],
        ['Set-Cookie', 'session_token=stolen; Path=/'],
        ['Set-Cookie', `cde_ide_${workspace}=forged; Path=/`],
        ['Clear-Site-Data', '"*"'],
        ['Strict-Transport-Security', 'max-age=0'],
        ['Service-Worker-Allowed', '/'],
        ['Location', '/elsewhere'],
        ['X-Own', 'kept'],
      ] as never)
      answer.end('made')
    })
  })
  const cookie = `session_token=secret; ${await site.enter()}; vscode-tkn=t; other=o`
  const { status, headers, body } = await site.get(
    `${ide}/a%20b?c=d`,
    {
      cookie,
      'session-token': 's',
      authorization: 'Bearer x',
      origin: 'https://site.example',
      'content-type': 'text/plain',
    },
    'POST',
    'some body',
  )
  assert.deepEqual([status, body, sent, seen?.url], [201, 'made', 'some body', '/a%20b?c=d'])
  assert.equal(seen?.headers.cookie, 'vscode-tkn=t')
  assert.equal(seen?.headers.host, 'site.example')
  for (const name of ['session-token', 'authorization']) assert.equal(seen?.headers[name], undefined, name)
  assert.deepEqual(headers['set-cookie'], [`vscode-a=1; HttpOnly; Path=${ide}/; Secure; SameSite=Lax`])
  assert.equal(headers.location, `${ide}/elsewhere`)
  assert.equal(headers['x-own'], 'kept')
  for (const name of ['clear-site-data', 'strict-transport-security', 'service-worker-allowed'])
    assert.equal(headers[name], undefined, name)
})

test('another host of the site can neither write nor open a WebSocket with our cookie', async (t) => {
  const site = await startSite(t, (_request, answer) => answer.end())
  const cookie = await site.enter()
  const foreign = 'https://8000-box-ann.site.example'
  assert.equal((await site.get(`${ide}/`, { cookie, origin: foreign }, 'POST')).status, 403)
  assert.equal((await site.get(`${ide}/`, { cookie }, 'POST')).status, 403)
  const url = `ws://127.0.0.1:${site.port}${ide}/?reconnectionToken=1`
  for (const headers of [{ cookie, origin: foreign }, { cookie }] as Record<string, string>[]) {
    const result = await open(url, [], { host: 'site.example', ...headers })
    assert.deepEqual('status' in result && [result.status, result.body.code], [403, 'ORIGIN_FOREIGN'])
  }
  const result = await open(url, [], { host: 'site.example', cookie, origin: 'https://site.example' })
  assert.ok('websocket' in result)
  result.websocket.terminate()
  assert.equal(site.upgrades[0]?.url, '/?reconnectionToken=1')
  assert.equal(site.upgrades[0]?.headers.cookie, undefined)
})

test('access that the manager withdraws ends requests and cuts WebSockets', async (t) => {
  const site = await startSite(t, (_request, answer) => answer.end('editor'))
  const cookie = await site.enter()
  const headers = { host: 'site.example', cookie, origin: 'https://site.example' }
  const result = await open(`ws://127.0.0.1:${site.port}${ide}/`, [], headers)
  assert.ok('websocket' in result)
  const closed = new Promise((resolve) => result.websocket.once('close', resolve))
  assert.equal((await site.get(`${ide}/`, { cookie })).status, 200)
  site.verdict.now = 'denied'
  await closed
  assert.deepEqual([(await site.get(`${ide}/`, { cookie })).status], [403])
})

test('a manager that does not answer costs new requests after a minute, and no open WebSocket', async (t) => {
  const site = await startSite(t, (_request, answer) => answer.end('editor'))
  const cookie = await site.enter()
  const result = await open(`ws://127.0.0.1:${site.port}${ide}/`, [], {
    host: 'site.example',
    cookie,
    origin: 'https://site.example',
  })
  assert.ok('websocket' in result)
  site.verdict.now = 'unknown'
  assert.equal((await site.get(`${ide}/`, { cookie })).status, 200)
  await sleep(400)
  assert.equal((await site.get(`${ide}/`, { cookie })).status, 503)
  assert.equal(result.websocket.readyState, result.websocket.OPEN)
  result.websocket.terminate()
})

test('hundreds of requests are few questions to the manager', async (t) => {
  const site = await startSite(t, (_request, answer) => answer.end('editor'))
  const cookie = await site.enter()
  await Promise.all(Array.from({ length: 200 }, () => site.get(`${ide}/x.js`, { cookie })))
  assert.ok(site.verdict.asked <= 20, `${site.verdict.asked} questions`)
})
