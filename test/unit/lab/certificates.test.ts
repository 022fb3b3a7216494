import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createAuthority, issueCertificate } from '../../lab/certificates.ts'

test('a certificate is signed by its authority, names its host and keeps its key private', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lab-certificates-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const authority = await createAuthority(directory, 'ca', 'test authority')
  const issued = await issueCertificate(authority, directory, 'server', {
    commonName: 'system:node:node',
    organization: 'system:nodes',
    dns: ['registry.example'],
    ip: ['127.0.0.1'],
    usage: ['serverAuth'],
  })
  const [ca, certificate] = [authority, issued].map((each) => new X509Certificate(readFileSync(each.certificateFile)))
  assert.ok(ca && certificate)
  assert.ok(ca.ca && !certificate.ca)
  assert.ok(certificate.verify(ca.publicKey) && certificate.checkIssued(ca))
  assert.equal(certificate.checkHost('registry.example'), 'registry.example')
  assert.equal(certificate.checkHost('other.example'), undefined)
  assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1')
  assert.deepEqual(certificate.subject.split('\n'), ['O=system:nodes', 'CN=system:node:node'])
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  assert.equal(statSync(issued.keyFile).mode & 0o777, 0o600)
})
