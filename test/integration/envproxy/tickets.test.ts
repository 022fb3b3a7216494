import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateKeyPair, SignJWT } from 'jose'
import { managerKeys } from '../../../services/envproxy/ticket.ts'
import { connected, echo, path, refusal, startSite, workspace } from './site.ts'

test('a request without a ticket is 401, and so is one with an expired, forged or altered ticket', async (t) => {
  const site = await startSite(t, echo())
  assert.equal(await refusal(site.url, ['cde.shell.v1']), '401 TICKET_MISSING')
  assert.equal(await refusal(site.url, ['cde.shell.v1', `ticket.${await site.ticket({}, -10)}`]), '401 TICKET_EXPIRED')
  assert.equal(await refusal(site.url, [`ticket.${await site.ticket({}, 60, 'manager')}`]), '401 TICKET_INVALID')
  assert.equal(await refusal(site.url, ['ticket.abc.def.ghi']), '401 TICKET_INVALID')
  const good = await site.ticket()
  const [header, , signature] = good.split('.')
  const claims = {
    sub: 'root',
    credential: 'session:1',
    workspace,
    port: 26337,
    path,
    aud: 'envproxy',
    exp: 4_000_000_000,
  }
  const altered = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`
  assert.equal(await refusal(site.url, [`ticket.${altered}`]), '401 TICKET_INVALID')
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${altered.split('.')[1]}.`
  assert.equal(await refusal(site.url, [`ticket.${none}`]), '401 TICKET_INVALID')
})

test('a ticket by another key, even under a known key id, is 401', async (t) => {
  const site = await startSite(t, echo())
  const { privateKey } = await generateKeyPair('EdDSA')
  const forge = (kid: string) =>
    new SignJWT({ sub: 'user-1', credential: 'session:1', workspace, port: 26337, path })
      .setProtectedHeader({ alg: 'EdDSA', kid })
      .setAudience('envproxy')
      .setExpirationTime('1m')
      .sign(privateKey)
  assert.equal(await refusal(site.url, [`ticket.${await forge('one')}`]), '401 TICKET_INVALID')
  assert.equal(await refusal(site.url, [`ticket.${await forge('two')}`]), '401 TICKET_INVALID')
})

test('a ticket for another workspace, port or path is 403', async (t) => {
  const site = await startSite(t, echo())
  for (const claims of [{ workspace: 'zzzzzzzzzz' }, { port: 22 }, { path: '/proxy/workspaces/zzzzzzzzzz/shell' }]) {
    assert.equal(await refusal(site.url, [`ticket.${await site.ticket(claims)}`]), '403 TICKET_ELSEWHERE')
  }
  const elsewhere = site.url.replace(workspace, 'zzzzzzzzzz')
  assert.equal(await refusal(elsewhere, [`ticket.${await site.ticket()}`]), '403 TICKET_ELSEWHERE')
})

test('a ticket that names no user or no credential is 401', async (t) => {
  const site = await startSite(t, echo())
  for (const claim of ['sub', 'credential'])
    for (const value of ['', 7, undefined, 'x'.repeat(129)])
      assert.equal(await refusal(site.url, [`ticket.${await site.ticket({ [claim]: value })}`]), '401 TICKET_INVALID')
})

test('two tickets are refused, and so are two headers of subprotocols', async (t) => {
  const site = await startSite(t, echo())
  const ticket = await site.ticket()
  assert.equal(await refusal(site.url, [`ticket.${ticket}`, `ticket.${ticket}x`]), '400 TICKET_MALFORMED')
})

test('paths that only look like a door are 404, plain requests 426', async (t) => {
  const site = await startSite(t, echo())
  const base = site.url.slice(0, -path.length)
  const ticket = `ticket.${await site.ticket()}`
  for (const wrong of ['/', `${path}/`, `${path}%2f`, path.toUpperCase()]) {
    assert.equal(await refusal(base + wrong, [ticket]), '404 ROUTE_UNKNOWN', wrong)
  }
  assert.equal((await fetch(`http://127.0.0.1:${site.port}${path}`)).status, 426)
  assert.equal((await fetch(`http://127.0.0.1:${site.port}/else`)).status, 404)
})

test('keys are fetched once for many tickets, and a manager that is down is 502', async (t) => {
  const site = await startSite(t, echo())
  for (let i = 0; i < 5; i += 1) (await connected(site.url, await site.ticket())).terminate()
  assert.equal(site.keyFetches(), 1)
  const down = await startSite(t, echo(), { keys: managerKeys('http://127.0.0.1:1') })
  assert.equal(await refusal(down.url, [`ticket.${await down.ticket()}`]), '502 MANAGER_UNREACHABLE')
})
