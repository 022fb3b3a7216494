import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { selfSigned } from '../../../../services/ingress/default-certificate.ts'
import { parseNginxLine } from '../../../../services/ingress/nginx-line.ts'
import { configure, ingress, secret, serverBlocks } from './objects.ts'

const pem = selfSigned(new Date())
const certificate = pem.slice(0, pem.indexOf('-----BEGIN PRIVATE'))
const key = pem.slice(certificate.length)
const tls = (secretName: string, hosts = ['x.example']) => ({ tls: [{ hosts, secretName }] })
const rules = { 'x.example': { '/': 'a' } }

test('the self-signed certificate is one that X.509 readers take', () => {
  const parsed = new X509Certificate(certificate)
  assert.equal(parsed.subject, 'CN=ingress.invalid')
  assert.equal(parsed.subjectAltName, 'DNS:ingress.invalid')
  assert.ok(parsed.verify(parsed.publicKey))
  assert.ok(parsed.validToDate.getTime() > Date.now() + 9 * 365 * 86_400_000)
})

test('a host with TLS is redirected from HTTP and says so for a year', () => {
  const { text, reasons } = configure({
    ingresses: [ingress('x', rules, tls('good'))],
    secrets: [secret('good', certificate, key)],
  })
  assert.deepEqual(reasons, [])
  const [http = '', https = ''] = serverBlocks(text, '"x.example"')
  assert.match(http, /return 308 https:\/\/\$host\$request_uri/)
  assert.doesNotMatch(http, /proxy_pass/)
  assert.match(https, /ssl_certificate "\/run\/nginx\/tls\/[0-9a-f]{32}\.pem"/)
  assert.match(https, /Strict-Transport-Security/)
})

const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
for (const [name, bad] of Object.entries({
  'a missing Secret': undefined,
  'an empty certificate': secret('bad', '', key),
  'a certificate that is noise': secret('bad', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', key),
  'a key that is noise': secret('bad', certificate, 'x"; }'),
  'a key of another certificate': secret('bad', certificate, String(other)),
  'a key of another kind': secret('bad', certificate, String(weak)),
  'a damaged certificate behind the first': secret(
    'bad',
    `${certificate}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
    key,
  ),
  'a Secret of another type': { ...secret('bad', certificate, key), type: 'Opaque' },
  'a certificate of 1 MB': secret('bad', certificate + 'A'.repeat(1_000_000), key),
})) {
  test(`${name} means the default certificate, without HSTS, and no harm to others`, () => {
    const fine = ingress('fine', { 'y.example': { '/': 'b' } }, tls('good', ['y.example']))
    const { text, reasons } = configure({
      ingresses: [ingress('x', rules, tls('bad')), fine],
      secrets: [secret('good', certificate, key), ...(bad ? [bad] : [])],
    })
    assert.equal(reasons.length, 1)
    assert.match(reasons[0] ?? '', /^x: the TLS Secret "bad"/)
    const [, https = ''] = serverBlocks(text, '"x.example"')
    assert.match(https, /tls\/default\.pem/)
    assert.doesNotMatch(https, /Strict-Transport-Security/)
    assert.match(serverBlocks(text, '"y.example"')[1] ?? '', /tls\/[0-9a-f]{32}\.pem/)
  })
}

test('text around the certificates of a Secret does not reach the file', () => {
  const { compiled } = configure({
    ingresses: [ingress('x', rules, tls('good'))],
    secrets: [secret('good', `Bag Attributes\n${certificate}\nssl_engine evil;\n`, key)],
  })
  assert.doesNotMatch(compiled.certificates[0]?.pem ?? '', /Bag|evil/)
})

test('a wildcard entry of TLS covers one label, an entry without hosts all of its Ingress', () => {
  const secrets = [secret('good', certificate, key)]
  const secured = (host: string, hosts: string[]) =>
    configure({ ingresses: [ingress('x', { [host]: { '/': 'a' } }, tls('good', hosts))], secrets }).compiled.model
      .servers[0]?.tls !== undefined
  assert.ok(secured('a.x.example', ['*.x.example']))
  assert.ok(!secured('a.b.x.example', ['*.x.example']))
  assert.ok(secured('*.x.example', ['*.x.example']))
  assert.ok(secured('any.example', []))
})

test("NGINX's error lines keep method and path of what was asked, and the pod; nothing else of it", () => {
  const where = (url: string) =>
    `client: 192.0.2.1, server: x, request: "GET ${url} HTTP/1.1", upstream: "http://10.0.0.1:80${url}", host: "x", referrer: "https://x${url}"`
  for (const query of ['?token=secret', '?a="secret', '?a="b, c"secret', '?a=\\"secret?secret']) {
    const { level, text } = parseNginxLine(
      `2026/01/02 03:04:05 [error] 7#7: *1 connect() failed while connecting to upstream, ${where(`/a${query}`)}`,
    )
    assert.equal(level, 'error')
    assert.equal(
      text,
      '7#7: *1 connect() failed while connecting to upstream, client: 192.0.2.1, server: x, request: GET /a, upstream: http://10.0.0.1:80',
    )
  }
  const header = `upstream sent invalid header: "set-cookie: a=secret\\x00..." while reading, ${where('/b?secret')}`
  const { text } = parseNginxLine(`2026/01/02 03:04:05 [error] 7#7: *1 ${header}`)
  assert.doesNotMatch(text, /secret/)
  assert.match(text, /^7#7: \*1 upstream sent invalid header, request: GET \/b/)
  assert.equal(parseNginxLine('nginx: [emerg] unknown directive "x"').text, 'unknown directive "x"')
})
