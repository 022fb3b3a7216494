import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import dns from 'node:dns'
import { readFile, writeFile } from 'node:fs/promises'
import http from 'node:http'
import net from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import tls from 'node:tls'
import { createAttempt } from '../../../installer/src/allowlist/check/attempt.ts'
import { parts } from '../../../installer/src/allowlist/check/parts.ts'
import { readProxyUrl } from '../../../installer/src/allowlist/check/proxy-place.ts'
import type { Attempt, Means, Trial } from '../../../installer/src/allowlist/check/trial.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { freePort } from '../../fixtures/free-port.ts'
import { type SquidOptions, startSquid } from '../../lab/squid.ts'
import { outside } from './servers.ts'

const names = ['a.test', 'b.test']
const attemptWith = (means: Means) => createAttempt({ crypto, dns, http, net, tls }, means, parts)

const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`
const seen = ({ stage, reason, detail }: Attempt) => `${stage} ${reason ?? ''}: ${detail}`

async function site(t: TestContext, options: Omit<SquidOptions, 'directory'> = {}) {
  const squid = await startSquid({ directory: await temporaryDirectory(t), hosts: names, ...options })
  t.after(() => squid.stop())
  return { squid, proxy: readProxyUrl(squid.url) }
}

test('a real squid that admits one name and port: what it denies, does not find and does not reach is told apart', async (t) => {
  const { ports, ca, asked } = await outside(t, names)
  const acl = [
    'acl good dstdomain a.test nowhere.test',
    `acl open port ${Object.values(ports).join(' ')} 1`,
    'http_access allow good open',
    'http_access deny all',
  ].join('\n')
  const { squid, proxy } = await site(t, { acl })
  const attempt = attemptWith({ limit: 5000, ca })
  const go = async (trial: Omit<Trial, 'proxy'>) => seen(await attempt({ ...trial, proxy }))

  const through = new RegExp(`through 127\\.0\\.0\\.1:${squid.port}`)
  const reached = await go({ scheme: 'https', host: 'a.test', port: ports.https, path: '/v2/' })
  assert.match(reached, /^reached : answers 401, through .*; TLS is by Authority of the outside$/)
  assert.match(reached, through)
  assert.deepEqual(asked, ['/v2/'])
  assert.match(
    await go({ scheme: 'http', host: 'a.test', port: ports.http }),
    /^reached : answers 302, leads to http:\/\/b\.test\/,/,
  )
  assert.match(
    await go({ scheme: 'ssh', host: 'a.test', port: ports.ssh }),
    /^reached : SSH-2\.0-OpenSSH_9\.2 \[31m, through/,
  )
  assert.match(
    await go({ scheme: 'tcp', host: 'a.test', port: ports.silent }),
    /^reached : a connection stands, through/,
  )

  const denied = /^proxy proxy-denies: the proxy answers 403 \(ERR_ACCESS_DENIED 0\)$/
  assert.match(await go({ scheme: 'https', host: 'b.test', port: ports.https }), denied)
  assert.match(await go({ scheme: 'http', host: 'b.test', port: ports.http }), denied)
  assert.match(await go({ scheme: 'https', host: 'a.test', port: 2 }), denied)
  assert.match(
    await go({ scheme: 'http', host: 'a.test', port: ports.forbids }),
    /^http block-page: 403 is answered, by the proxy or/,
  )
  // which of the two depends on whether this machine has name servers
  const unfound = /^(dns no-name: .*ERR_DNS_FAIL|tcp proxy-fails: .*ERR_[A-Z_]+)/
  assert.match(await go({ scheme: 'https', host: 'nowhere.test', port: ports.https }), unfound)
  assert.match(await go({ scheme: 'http', host: 'nowhere.test', port: ports.http }), unfound)
  assert.match(
    await go({ scheme: 'https', host: 'a.test', port: 1 }),
    /^tcp proxy-fails: the proxy answers 503 \(ERR_CONNECT_FAIL/,
  )

  const log = await squid.log()
  assert.ok(log.some(({ host, port, denied }) => host === 'b.test' && port === ports.https && denied))
  assert.ok(
    log.some(
      ({ method, host, port, denied }) => method === 'GET' && host === 'a.test' && port === ports.http && !denied,
    ),
  )

  const away = { host: '127.0.0.1', port: await freePort(), tls: false }
  assert.match(
    seen(await attempt({ scheme: 'https', host: 'a.test', port: ports.https, proxy: away })),
    /^proxy proxy-away: the proxy 127\.0\.0\.1:\d+ is not reached: .* refuses connections$/,
  )
})

test('a real squid that wants a login', async (t) => {
  const { ports, ca } = await outside(t, names)
  const login = { user: 'site', password: 'p:w ü' }
  const { proxy } = await site(t, { login })
  const go = async (proxyAuthorization: string | undefined) => {
    const attempt = attemptWith({ limit: 5000, ca, proxyAuthorization })
    const trials = [
      { scheme: 'https', host: 'a.test', port: ports.https, proxy },
      { scheme: 'http', host: 'a.test', port: ports.http, proxy },
    ]
    return (await Promise.all(trials.map(attempt))).map(({ stage, reason }) => reason ?? stage)
  }
  assert.deepEqual(await go(undefined), ['no-login', 'no-login'])
  assert.deepEqual(await go(basic('site:other')), ['wrong-login', 'wrong-login'])
  assert.deepEqual(await go(basic(`${login.user}:${login.password}`)), ['reached', 'reached'])
})

test('a real squid that opens TLS is noticed by name, and with its CA what it lets through is reached', async (t) => {
  const { ports, ca } = await outside(t, names)
  const directory = await temporaryDirectory(t)
  const servers = join(directory, 'servers.crt')
  await writeFile(servers, ca)
  const acl =
    'acl good dstdomain a.test\nacl connecting method CONNECT\nhttp_access allow connecting\nhttp_access allow good\nhttp_access deny all'
  const { squid, proxy } = await site(t, { intercept: { servers }, acl })
  const trial = { scheme: 'https', host: 'a.test', port: ports.https, proxy }
  const noticed = await attemptWith({ limit: 5000, ca })(trial)
  assert.deepEqual(
    [noticed.stage, noticed.reason, noticed.issuer],
    ['tls-intercepted', 'unknown-ca', 'Interception of Example Site'],
  )
  const trusting = attemptWith({ limit: 5000, ca: await readFile(squid.caFile as string, 'utf8') })
  const reached = await trusting(trial)
  assert.deepEqual([reached.stage, reached.issuer], ['reached', 'Interception of Example Site'])
  assert.match(reached.detail, /answers 401, .*; TLS is by Interception of Example Site$/)
  // it says within TLS what it denies
  assert.match(
    seen(await trusting({ ...trial, host: 'b.test' })),
    /^proxy proxy-denies: the proxy answers 403 \(ERR_ACCESS_DENIED/,
  )
})
