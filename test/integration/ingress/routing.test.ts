import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as tlsConnect } from 'node:tls'
import { selfSigned } from '../../../services/ingress/default-certificate.ts'
import { ingress, secret, service, slice, world } from '../../unit/services/ingress/objects.ts'
import { startIngress, startPod } from './site.ts'

/** One request by host name; resolves with status, headers and text. */
function get(
  port: number,
  host: string,
  path: string,
  options: { tls?: boolean; headers?: object; body?: Buffer } = {},
) {
  const method = options.body ? 'POST' : 'GET'
  const headers = { host, connection: 'close', ...options.headers }
  const given = { port, host: '127.0.0.1', path, method, headers, servername: host, rejectUnauthorized: false }
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
    const outgoing = (options.tls ? httpsRequest : httpRequest)({ ...given, agent: false }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }))
    })
    outgoing.on('error', reject)
    outgoing.end(options.body)
  })
}

const namePod = (t: Parameters<typeof startPod>[0], name: string) =>
  startPod(t, (request, response) => {
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    request.on('end', () => response.end(JSON.stringify({ name, bytes, url: request.url, headers: request.headers })))
  })

test('hosts, wildcards, Exact and Prefix lead where Kubernetes says they lead', async (t) => {
  const pods = await Promise.all(['a', 'b', 'c'].map((name) => namePod(t, name)))
  const slices = ['a', 'b', 'c'].map((name, index) => slice(name, [{ address: '127.0.0.1' }], pods[index]?.port))
  const site = await startIngress(
    t,
    world({
      slices,
      ingresses: [
        ingress('x', { 'cde.example': { '/api/': 'a', '/api =': 'b', '/': 'c', '/deep/er': 'b' } }),
        ingress('w', { '*.dev.example': { '/': 'b' } }),
      ],
    }),
  )
  const reach = async (host: string, path: string) => {
    const { status, text } = await get(site.httpPort, host, path)
    return status === 200 ? JSON.parse(text).name : status
  }
  assert.equal(await reach('cde.example', '/api'), 'b')
  assert.equal(await reach('cde.example', '/api/'), 'a')
  assert.equal(await reach('cde.example', '/api/v0/me'), 'a')
  assert.equal(await reach('cde.example', '/apix'), 'c')
  assert.equal(await reach('cde.example', '/deep/er/still'), 'b')
  assert.equal(await reach('cde.example', '/deep/ersatz'), 'c')
  assert.equal(await reach('CDE.example:8080', '/'), 'c')
  assert.equal(await reach('one.dev.example', '/'), 'b')
  assert.equal(await reach('two.one.dev.example', '/'), 404)
  assert.equal(await reach('dev.example', '/'), 404)
  assert.equal(await reach('unknown.example', '/'), 404)
  const unknown = await get(site.httpPort, 'unknown.example', '/')
  assert.equal(unknown.text, 'Nothing is served here.\n')
  assert.equal(unknown.headers.server, 'nginx')
})

/** Kubernetes' documentation of Ingress, path types, "Examples": paths (`=` is Exact), a request, the path that takes it. */
const examples: [paths: string[], request: string, taker: string | undefined][] = [
  [['/'], '/', '/'],
  [['/'], '/any/path/', '/'],
  [['/foo ='], '/foo', '/foo ='],
  [['/foo ='], '/bar', undefined],
  [['/foo ='], '/foo/', undefined],
  [['/foo/ ='], '/foo', undefined],
  [['/foo/ ='], '/foo/', '/foo/ ='],
  [['/foo'], '/foo', '/foo'],
  [['/foo'], '/foo/', '/foo'],
  [['/foo/'], '/foo', '/foo/'],
  [['/foo/'], '/foo/', '/foo/'],
  [['/aaa/bb'], '/aaa/bbb', undefined],
  [['/aaa/bbb'], '/aaa/bbb', '/aaa/bbb'],
  [['/aaa/bbb/'], '/aaa/bbb', '/aaa/bbb/'],
  [['/aaa/bbb'], '/aaa/bbb/', '/aaa/bbb'],
  [['/aaa/bbb'], '/aaa/bbb/ccc', '/aaa/bbb'],
  [['/aaa/bbb'], '/aaa/bbbxyz', undefined],
  [['/', '/aaa'], '/aaa/ccc', '/aaa'],
  [['/', '/aaa', '/aaa/bbb'], '/aaa/bbb', '/aaa/bbb'],
  [['/', '/aaa', '/aaa/bbb'], '/ccc', '/'],
  [['/aaa'], '/ccc', undefined],
  [['/foo', '/foo ='], '/foo', '/foo ='],
  // what the table leaves to its rules
  [['/', '/foo/ ='], '/foo', '/'],
  [['/', '/foo/ ='], '/foo/', '/foo/ ='],
  [['/', '/foo/ ='], '/foo/bar', '/'],
  [['/foo', '/foo/ ='], '/foo', '/foo'],
  [['/foo', '/foo/ ='], '/foo/', '/foo/ ='],
  [['/foo =', '/foo/ ='], '/foo', '/foo ='],
  [['/foo =', '/foo/ ='], '/foo/', '/foo/ ='],
  [['/aa', '/aaa/bbb/ ='], '/aaa/bbb', undefined],
  [['/aaa', '/aaa/bbb/ccc/ ='], '/aaa/bbb/ccc', '/aaa'],
  [['/aaa', '/aaa/bbb', '/aaa/bbb/ccc/ ='], '/aaa/bbb/ccc', '/aaa/bbb'],
  [['/ ='], '/', '/ ='],
  [['/ ='], '/foo', undefined],
]

test('each example of path types in the documentation of Kubernetes leads where it says, and nothing redirects', async (t) => {
  const names = [...new Set(examples.flatMap(([paths]) => paths))]
  const pods = await Promise.all(names.map((name) => namePod(t, name)))
  const services = names.map((_, index) => service(`s${index}`))
  const slices = pods.map(({ port }, index) => slice(`s${index}`, [{ address: '127.0.0.1' }], port))
  const rules = examples.map(([paths], index): [string, Record<string, string>] => [
    `h${index}.example`,
    Object.fromEntries(paths.map((path) => [path, `s${names.indexOf(path)}`])),
  ])
  const site = await startIngress(t, world({ services, slices, ingresses: [ingress('x', Object.fromEntries(rules))] }))
  assert.deepEqual(site.refused(), [])
  for (const [index, [paths, request, taker]] of examples.entries()) {
    const { status, text } = await get(site.httpPort, `h${index}.example`, request)
    const found = status === 200 ? JSON.parse(text).name : status
    assert.equal(found, taker ?? 404, `${request} of ${paths.join(' and ')}`)
  }
})

test('a pod sees the true client and host; what the client claims about itself is replaced', async (t) => {
  const pod = await namePod(t, 'a')
  const slices = [slice('a', [{ address: '127.0.0.1' }], pod.port)]
  const site = await startIngress(t, world({ slices, ingresses: [ingress('x', { 'cde.example': { '/': 'a' } })] }))
  const claims = {
    'x-forwarded-for': '192.0.2.1',
    'x-forwarded-proto': 'https',
    forwarded: 'for=192.0.2.1',
    upgrade: 'h2c',
  }
  const { text } = await get(site.httpPort, 'cde.example:8080', '/p?q=1', { headers: claims })
  const { headers, url } = JSON.parse(text)
  assert.equal(url, '/p?q=1')
  assert.equal(headers.host, 'cde.example:8080')
  assert.equal(headers['x-forwarded-for'], '127.0.0.1')
  assert.equal(headers['x-forwarded-proto'], 'http')
  assert.equal(headers.forwarded, undefined)
  assert.equal(headers.upgrade, undefined)
  assert.match(headers['x-request-id'], /^[0-9a-f]{32}$/)
})

test('a body of 20 MB and a header of 12 KB go through', async (t) => {
  const pod = await namePod(t, 'a')
  const slices = [slice('a', [{ address: '127.0.0.1' }], pod.port)]
  const site = await startIngress(t, world({ slices, ingresses: [ingress('x', { 'cde.example': { '/': 'a' } })] }))
  const { status, text } = await get(site.httpPort, 'cde.example', '/', { body: Buffer.alloc(20 * 1024 * 1024) })
  assert.equal(status, 200)
  assert.equal(JSON.parse(text).bytes, 20 * 1024 * 1024)
  const large = await get(site.httpPort, 'cde.example', '/', { headers: { cookie: 'c'.repeat(12_000) } })
  assert.equal(large.status, 200)
})

test('access lines are JSON without queries', async (t) => {
  const pod = await namePod(t, 'a')
  const slices = [slice('a', [{ address: '127.0.0.1' }], pod.port)]
  const site = await startIngress(t, world({ slices, ingresses: [ingress('x', { 'cde.example': { '/': 'a' } })] }))
  await get(site.httpPort, 'cde.example', '/p"a?token=secret', { headers: { referer: 'http://x/?token=secret' } })
  // written behind the answer
  let line = ''
  for (let tries = 0; line === '' && tries < 100; tries++) {
    await sleep(20)
    line = (await readFile(`${site.folder}/access.log`, 'utf8')).trim()
  }
  assert.equal(JSON.parse(line).path, '/p"a')
  assert.doesNotMatch(line, /secret/)
})

test('TLS by name, the default certificate where one is bad, and a redirect from HTTP', async (t) => {
  const pod = await namePod(t, 'a')
  const pem = selfSigned(new Date())
  const certificate = pem.slice(0, pem.indexOf('-----BEGIN PRIVATE'))
  const good = secret('good', certificate, pem.slice(certificate.length))
  const site = await startIngress(
    t,
    world({
      slices: [slice('a', [{ address: '127.0.0.1' }], pod.port)],
      secrets: [good, secret('bad', certificate, 'noise')],
      ingresses: [
        ingress('x', { 'cde.example': { '/': 'a' } }, { tls: [{ hosts: ['cde.example'], secretName: 'good' }] }),
        ingress('y', { 'bad.example': { '/': 'a' } }, { tls: [{ hosts: ['bad.example'], secretName: 'bad' }] }),
      ],
    }),
  )
  const served = (servername: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = tlsConnect(
        { port: site.httpsPort, host: '127.0.0.1', servername, rejectUnauthorized: false },
        () => {
          resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? '')
          socket.destroy()
        },
      )
      socket.on('error', reject)
    })
  const { X509Certificate } = await import('node:crypto')
  const fallback = new X509Certificate(await readFile(`${site.folder}/tls/default.pem`)).fingerprint256
  assert.equal(await served('cde.example'), new X509Certificate(certificate).fingerprint256)
  assert.equal(await served('bad.example'), fallback)
  assert.equal(await served('unknown.example'), fallback)
  const secure = await get(site.httpsPort, 'cde.example', '/', { tls: true })
  assert.equal(secure.status, 200)
  assert.equal(secure.headers['strict-transport-security'], 'max-age=31536000')
  assert.equal(JSON.parse(secure.text).headers['x-forwarded-proto'], 'https')
  const plain = await get(site.httpPort, 'cde.example', '/p?q=1')
  assert.equal(plain.status, 308)
  assert.equal(plain.headers.location, 'https://cde.example/p?q=1')
  assert.equal(site.refused().length, 1)
})

test('what only NGINX itself refuses costs its own object and no other', async (t) => {
  const pod = await namePod(t, 'a')
  const slices = [slice('a', [{ address: '127.0.0.1' }], pod.port)]
  const fine = ingress('fine', { 'fine.example': { '/': 'a' } })
  const site = await startIngress(t, world({ slices, ingresses: [fine] }))
  // A certificate that OpenSSL in Node takes and NGINX can't open: its file is a folder.
  const pem = selfSigned(new Date())
  const certificate = pem.slice(0, pem.indexOf('-----BEGIN PRIVATE'))
  const odd = secret('odd', certificate, pem.slice(certificate.length))
  const { readCertificate } = await import('../../../services/ingress/certificate.ts')
  const { symlink } = await import('node:fs/promises')
  await symlink('/dev/null', `${site.folder}/tls/${readCertificate(odd).file}`)
  const bad = ingress('bad', { 'bad.example': { '/': 'a' } }, { tls: [{ secretName: 'odd' }] })
  const late = ingress('late', { 'late.example': { '/': 'a' } })
  await site.set(world({ slices, secrets: [odd], ingresses: [bad, fine, late] }))
  assert.equal((await get(site.httpPort, 'fine.example', '/')).status, 200)
  assert.equal((await get(site.httpPort, 'late.example', '/')).status, 200)
  assert.equal((await get(site.httpPort, 'bad.example', '/')).status, 404)
  assert.match(site.refused().at(-1)?.reason ?? '', /nginx refuses/)
})
