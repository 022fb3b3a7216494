import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { permits } from '../../../../installer/src/certificates/name-constraints.ts'
import { serverCertificates } from '../../../../installer/src/serve/certificates.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { run } from '../../../lab/command.ts'
import { failureOf } from '../registry/fake-registry.ts'

const hosts = ['10.0.0.1', 'fd00::1', 'registry.site.example', '*.apps.site.example']

test('the first run makes a CA and a certificate for names and addresses, and keeps their keys private', async (t) => {
  const directory = join(await temporaryDirectory(t), 'tls')
  const made = await serverCertificates({ directory, hosts })
  assert.equal(made.created, 'ca')
  const cert = new X509Certificate(made.certificate)
  const ca = new X509Certificate(made.caPem)
  assert.ok(cert.checkIssued(ca) && cert.verify(ca.publicKey))
  assert.ok(ca.ca && !cert.ca)
  for (const address of ['10.0.0.1', 'fd00::1']) assert.equal(cert.checkIP(address), address)
  assert.ok(cert.checkHost('registry.site.example') && cert.checkHost('x.apps.site.example'))
  assert.equal(cert.checkHost('other.example'), undefined)
  for (const file of ['ca.key', 'server.key']) assert.equal((await stat(join(directory, file))).mode & 0o777, 0o600)
  assert.equal((await stat(directory)).mode & 0o777, 0o700)
})

test('the next run uses both again, and a name below one that the CA is for costs a certificate but not the CA', async (t) => {
  const directory = await temporaryDirectory(t)
  const first = await serverCertificates({ directory, hosts })
  const second = await serverCertificates({ directory, hosts: ['10.0.0.1'] })
  assert.deepEqual([second.created, second.certificate], [undefined, first.certificate])
  const third = await serverCertificates({ directory, hosts: [...hosts, 'a.registry.site.example'] })
  assert.deepEqual([third.created, third.caPem], ['certificate', first.caPem])
})

test('the CA may sign for the server alone, so that another name or address costs a new one', async (t) => {
  const directory = await temporaryDirectory(t)
  for (const added of [[], ['10.0.0.2'], ['other.example']]) {
    const made = await serverCertificates({ directory, hosts: [...hosts, ...added] })
    assert.equal(made.created, 'ca', String(added))
    const verified = await run('openssl', ['verify', '-CAfile', made.caPath, join(directory, 'server.crt')])
    assert.match(verified, /: OK\n$/)
    assert.equal(permits(made.caPem, ['bank.example']), false)
    assert.equal(permits(made.caPem, ['192.0.2.1']), false)
  }
})

test('certificates are made anew before they end', async (t) => {
  const directory = await temporaryDirectory(t)
  const first = await serverCertificates({ directory, hosts })
  const in375days = new Date(Date.now() + 375 * 86_400_000)
  const later = await serverCertificates({ directory, hosts, now: in375days })
  assert.deepEqual([later.created, later.caPem], ['certificate', first.caPem])
  const in10years = new Date(Date.now() + 3640 * 86_400_000)
  assert.equal((await serverCertificates({ directory, hosts, now: in10years })).created, 'ca')
})

test('a CA that another program made is used as it is: clients that trust it accept the certificate', async (t) => {
  const directory = await temporaryDirectory(t)
  const at = (name: string) => join(directory, name)
  const key = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.crt'),
  ]
  const about = [
    '-subj',
    '/CN=Sealift registry CA',
    '-utf8',
    '-days',
    '3000',
    '-addext',
    'subjectKeyIdentifier=01:02:03:04',
    '-addext',
    'authorityKeyIdentifier=none',
  ]
  await run('openssl', ['req', '-x509', ...key, ...about])
  await serverCertificates({ directory, hosts: ['10.0.0.5'] })
  assert.match(await run('openssl', ['verify', '-CAfile', at('ca.crt'), at('server.crt')]), /: OK\n$/)
  // Go compares the names' bytes, so that the type of their text counts as well
  const named = ['-noout', '-nameopt', 'show_type']
  const issuer = await run('openssl', ['x509', '-in', at('server.crt'), '-issuer', ...named])
  const subject = await run('openssl', ['x509', '-in', at('ca.crt'), '-subject', ...named])
  assert.equal(issuer.replace('issuer=', ''), subject.replace('subject=', ''))
})

test('a CA whose key is gone is not replaced without a word', async (t) => {
  const directory = await temporaryDirectory(t)
  await serverCertificates({ directory, hosts })
  await rm(join(directory, 'ca.key'))
  assert.equal((await failureOf(serverCertificates({ directory, hosts }))).code, 'STORAGE_CERTIFICATES')
  await writeFile(join(directory, 'ca.key'), 'damaged')
  await rm(join(directory, 'server.crt'))
  const before = await readFile(join(directory, 'ca.crt'), 'utf8')
  assert.equal((await failureOf(serverCertificates({ directory, hosts }))).code, 'STORAGE_CERTIFICATES')
  assert.equal(await readFile(join(directory, 'ca.crt'), 'utf8'), before)
})

test('what is neither a name nor an address gets no certificate', async (t) => {
  const directory = await temporaryDirectory(t)
  for (const host of ['a b', 'x\n', 'http://x', '', 'a..b', '-a.example', '10.0.0.1:5000'])
    assert.equal((await failureOf(serverCertificates({ directory, hosts: [host] }))).code, 'USAGE_HOST', host)
})
