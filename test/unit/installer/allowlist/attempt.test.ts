import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import crypto from 'node:crypto'
import dns from 'node:dns'
import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import tls from 'node:tls'
import { build } from 'esbuild'
import { createAttempt } from '../../../../installer/src/allowlist/check/attempt.ts'
import { attemptCommand } from '../../../../installer/src/allowlist/check/attempt-program.ts'
import { parts } from '../../../../installer/src/allowlist/check/parts.ts'
import type { Attempt, Means, Trial } from '../../../../installer/src/allowlist/check/trial.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { freePort } from '../../../fixtures/free-port.ts'
import { outside } from '../../../integration/allowlist/servers.ts'

const names = ['a.test', 'b.test']

/** DNS in which names of the test are this machine, and others go wrong in their own way. */
const lookup = (host: string, _: unknown, done: (error: Error | null, addresses?: dns.LookupAddress[]) => void) => {
  if (names.includes(host)) done(null, [{ address: '127.0.0.1', family: 4 }])
  else if (host === 'lost.test') done(Object.assign(new Error(), { code: 'EAI_AGAIN' }))
  else if (host !== 'hangs.test') done(Object.assign(new Error(), { code: 'ENOTFOUND' }))
}
const modules = { crypto, dns: { ...dns, lookup } as unknown as typeof dns, http, net, tls }
const attempts = (means: Partial<Means> = {}) => createAttempt(modules, { limit: 1000, ...means }, parts)
const seen = ({ stage, reason, detail }: Attempt) => `${stage} ${reason ?? ''}: ${detail}`

test('each stage at which an endpoint is not reached is told apart', async (t) => {
  const { ports, ca } = await outside(t, names)
  const refused = await freePort()
  const attempt = attempts({ ca })
  const go = async (scheme: string, port: number, host = 'a.test') => seen(await attempt({ scheme, host, port }))
  assert.match(await go('https', ports.https), /^reached : answers 401; TLS is by Authority of the outside$/)
  assert.match(await go('http', ports.http), /^reached : answers 302, leads to http:\/\/b\.test\/$/)
  assert.match(await go('http', ports.forbids), /^reached : answers 403$/)
  assert.equal(await go('ssh', ports.ssh), 'reached : SSH-2.0-OpenSSH_9.2 [31m')
  assert.equal(await go('postgresql', ports.silent), 'reached : a connection stands')
  assert.match(await go('https', ports.https, 'none.test'), /^dns no-name: there is no name none\.test$/)
  assert.match(await go('https', ports.https, 'lost.test'), /^dns no-dns: nobody answers .* \(EAI_AGAIN\)$/)
  assert.match(await go('https', ports.https, 'hangs.test'), /^dns no-dns: /)
  assert.match(await go('https', refused), /^tcp refused: 127\.0\.0\.1 at port \d+ refuses connections$/)
  assert.match(await go('https', ports.expired), /^tls expired: the certificate holds from .* to /)
  assert.match(await go('https', ports.otherName), /^tls other-name: the certificate is for IP Address:127\.0\.0\.1$/)
  assert.match(await go('https', ports.http), /^tls other-protocol: /)
  assert.match(await go('https', ports.cuts), /^tls cut: /)
  assert.match(await go('https', ports.silent), /^tls cut: the TLS handshake does not end in 1 s$/)
  assert.match(await go('http', ports.silent), /^http silent: /)
  assert.match(await go('http', ports.ssh), /^http cut: no proper answer/)
  assert.match(await go('ssh', ports.silent), /^tcp silent: nothing is said there in 1 s$/)
  assert.match(await go('ssh', ports.babble), /^tcp other-protocol: /)
  const stranger = await attempts()({ scheme: 'https', host: 'a.test', port: ports.https })
  assert.deepEqual([stranger.stage, stranger.issuer], ['tls-intercepted', 'Authority of the outside'])
})

/** A proxy that says this to whatever it is asked. */
async function proxySaying(t: TestContext, text: string) {
  const server = net.createServer((socket) => socket.on('error', () => {}).once('data', () => socket.end(text)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, tls: false }
}

test('words of a hostile proxy and server are short, on one line and without escapes', async (t) => {
  const words = `ERR_DNS_FAIL \u009b31m${'x'.repeat(4000)}\r\nProxy-Authenticate: \u202e`
  const proxy = await proxySaying(t, `HTTP/1.1 403 \x1b[2J\r\nX-Squid-Error: ${words}\r\n\r\n`)
  for (const scheme of ['https', 'http', 'ssh']) {
    const { stage, detail } = await attempts()({ scheme, host: 'evil.test', port: 443, proxy })
    assert.ok(stage === 'dns' || stage === 'proxy', `${stage}: ${detail}`)
    assert.ok(detail.length < 500)
    assert.doesNotMatch(detail, /[\p{C}\p{Zl}\p{Zp}]/u)
  }
})

test('what a server says at once may come with what the proxy says', async (t) => {
  const proxy = await proxySaying(t, 'HTTP/1.1 200 Connection established\r\n\r\nSSH-2.0-early\r\n')
  assert.match(
    seen(await attempts()({ scheme: 'ssh', host: 'git.test', port: 22, proxy })),
    /^reached : SSH-2\.0-early, /,
  )
})

test('names that hang hold up others for a while, and none of them is told to be unknown for it', async (t) => {
  const { ports } = await outside(t, names)
  let hanging = 0
  const slow = (host: string, options: unknown, done: Parameters<typeof lookup>[2]) => {
    if (host === 'hangs.test') setTimeout(() => done(Object.assign(new Error(), { code: 'EAI_AGAIN' })), 600, hanging++)
    else lookup(host, options, done)
  }
  const attempt = createAttempt(
    { ...modules, dns: { ...dns, lookup: slow } as unknown as typeof dns },
    { limit: 1000 },
    parts,
  )
  const hung = Array.from({ length: 6 }, () => attempt({ scheme: 'tcp', host: 'hangs.test', port: 1 }))
  const good = await attempt({ scheme: 'tcp', host: 'a.test', port: ports.silent })
  assert.equal(good.stage, 'reached')
  for (const { reason } of await Promise.all(hung)) assert.equal(reason, 'no-dns')
  assert.equal(hanging, 6)
})

/** Runs a command and gives the lines of JSON that it wrote. */
async function linesOf([program = '', ...args]: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<unknown[]> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
    timeout: 20_000,
  })
  let text = ''
  child.stdout.on('data', (bytes) => (text += bytes))
  const [code] = await once(child, 'close')
  assert.equal(code, 0)
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

test('the same runs as a program, as it stands here and as it stands in the executable', async (t) => {
  const { ports, ca } = await outside(t, ['127.0.0.1'])
  const at = (scheme: string, port: number, key: number): Trial & { key: number } => ({
    scheme,
    host: '127.0.0.1',
    port,
    key,
  })
  const trials = {
    means: { limit: 5000, ca },
    trials: [at('ssh', ports.ssh, 0), at('https', ports.https, 1), at('http', ports.http, 2)],
    ...{ atOnce: 1, settle: 0 },
  }
  const wanted = ['reached', 'reached', 'reached']
  const stages = (lines: unknown[]) => lines.map((line) => (line as Attempt).stage)
  assert.deepEqual(stages(await linesOf(attemptCommand(trials))), wanted)
  // manifests/executable/program.ts
  const outdir = await temporaryDirectory(t)
  await build({
    ...{
      entryPoints: [new URL('../../../../installer/src/allowlist/check/attempt-program.ts', import.meta.url).pathname],
    },
    ...{ outdir, bundle: true, platform: 'node', format: 'cjs', target: 'node26', logLevel: 'error' },
    ...{ minifySyntax: true, minifyWhitespace: true, supported: { 'dynamic-import': false } },
  })
  const { default: bundled } = (await import(`${outdir}/attempt-program.js`)) as {
    default: { attemptCommand: typeof attemptCommand }
  }
  assert.deepEqual(stages(await linesOf(bundled.attemptCommand(trials))), wanted)
})
