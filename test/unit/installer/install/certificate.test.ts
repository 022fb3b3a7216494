import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { certificateProblem, siteNames, siteProblem } from '../../../../installer/src/install/given-certificate.ts'
import { httpsGet } from '../../../../installer/src/install/https-get.ts'
import { createAuthority, issueCertificate } from '../../../../installer/src/install/own-certificate.ts'

const host = 'cde.example'
const authority = await createAuthority([host])
const issued = await issueCertificate(authority, [host])

test('an own certificate is accepted over TLS by whoever trusts its CA, under its host name and no other', async (t) => {
  const server = createServer({ cert: issued.certificate, key: issued.key }, (_request, response) => response.end())
  server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const get = (name: string, ca: string | undefined) =>
    httpsGet({ address: '127.0.0.1', port, name, path: '/', ca, signal: AbortSignal.timeout(5000) })
  assert.equal((await get(host, authority.certificate)).status, 200)
  await assert.rejects(get('other.example', authority.certificate), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  await assert.rejects(get(host, undefined), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
  await assert.rejects(get(host, (await createAuthority([host])).certificate))
})

test('a renewed certificate is by the same CA, so that trust in it goes on', async () => {
  const renewed = new X509Certificate((await issueCertificate(authority, [host])).certificate)
  assert.ok(renewed.verify(new X509Certificate(authority.certificate).publicKey))
})

test('what cannot serve a host is named: other host, other key, too near its end, no PEM', () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  assert.equal(certificateProblem(issued.certificate, issued.key, host), undefined)
  assert.match(certificateProblem(issued.certificate, issued.key, 'x.example') ?? '', /does not name x\.example/)
  assert.match(certificateProblem(issued.certificate, String(other), host) ?? '', /belongs to another/)
  assert.match(certificateProblem(issued.certificate, issued.key, host, 1000) ?? '', /valid only until/)
  assert.match(certificateProblem('x', issued.key, host) ?? '', /not a certificate/)
  assert.match(certificateProblem(issued.certificate, 'x', host) ?? '', /not a private key/)
})

test('with dev URLs, the certificate names all of them beside the host', async () => {
  const answers = { host, devUrlsHost: 'dev.example' }
  assert.match(siteProblem(issued.certificate, issued.key, answers) ?? '', /does not name \*\.dev\.example/)
  const both = await issueCertificate(authority, siteNames(answers))
  assert.equal(siteProblem(both.certificate, both.key, answers), undefined)
  assert.equal(siteProblem(both.certificate, both.key, { host }), undefined)
  assert.match(siteProblem(both.certificate, both.key, { host, devUrlsHost: 'other.example' }) ?? '', /other\.example/)
})

test('with one host of all editors, the certificate names it beside the host; not where there is a wildcard name', async () => {
  const answers = { host, editorsHost: 'ide.example' }
  assert.deepEqual(siteNames(answers), [host, 'ide.example'])
  assert.match(siteProblem(issued.certificate, issued.key, answers) ?? '', /does not name ide\.example/)
  assert.deepEqual(siteNames({ ...answers, devUrlsHost: 'dev.example' }), [host, '*.dev.example'])
})
