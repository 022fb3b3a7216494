import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { readPublicKey } from '../../../../services/manager/ssh/public-key.ts'

const text = (...fields: (string | Buffer)[]): Buffer =>
  Buffer.concat(
    fields.flatMap((field) => {
      const bytes = Buffer.from(field as string)
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      return [length, bytes]
    }),
  )
const jwk = (key: KeyObject, name: 'n' | 'e' | 'x' | 'y') =>
  Buffer.from((key.export({ format: 'jwk' }) as Record<string, string>)[name] ?? '', 'base64url')
const line = (type: string, blob: Buffer, comment = '') => `${type} ${blob.toString('base64')} ${comment}`

const rsa = (bits: number) => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: bits })
  return text('ssh-rsa', jwk(publicKey, 'e'), Buffer.concat([Buffer.of(0), jwk(publicKey, 'n')]))
}
const ed25519 = () => text('ssh-ed25519', jwk(generateKeyPairSync('ed25519').publicKey, 'x'))
const ecdsa = (curve: 'P-256' | 'P-384' | 'P-521', name: string) => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: curve })
  const point = Buffer.concat([Buffer.of(4), jwk(publicKey, 'x'), jwk(publicKey, 'y')])
  return text(`ecdsa-sha2-${name}`, name, point)
}

test('keys of the kinds that workspaces know are read, without their comment', () => {
  const good: [string, Buffer][] = [
    ['ssh-ed25519', ed25519()],
    ['ssh-rsa', rsa(2048)],
    ['ecdsa-sha2-nistp256', ecdsa('P-256', 'nistp256')],
    ['ecdsa-sha2-nistp384', ecdsa('P-384', 'nistp384')],
    ['ecdsa-sha2-nistp521', ecdsa('P-521', 'nistp521')],
  ]
  for (const [type, blob] of good) {
    const key = readPublicKey(line(type, blob, 'ada@laptop, home'))
    assert.deepEqual([key.type, key.comment], [type, 'ada@laptop, home'])
    assert.equal(key.text, `${type} ${blob.toString('base64')}`)
    assert.match(key.fingerprint, /^SHA256:[A-Za-z0-9+/]{43}$/)
  }
})

test('the fingerprint is the one that ssh-keygen prints', () => {
  // printed by OpenSSH's `ssh-keygen -lf`
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl'
  assert.equal(readPublicKey(key).fingerprint, 'SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU')
})

test('what is not such a key is refused with the reason', () => {
  const ed = ed25519()
  const bad: [string, RegExp][] = [
    ['', /not a type and base64/],
    ['-----BEGIN OPENSSH PRIVATE KEY-----', /private key/],
    [`${line('ssh-ed25519', ed)}\nssh-rsa x`, /more than one line/],
    [line('ssh-rsa', ed), /does not match/],
    [line('ssh-ed25519', ed.subarray(0, -1)), /does not match/],
    [line('ssh-ed25519', text('ssh-ed25519', Buffer.alloc(31))), /32 bytes/],
    [line('ssh-ed25519', Buffer.concat([ed, text('more')])), /32 bytes/],
    [line('ssh-rsa', rsa(1024)), /2048 bits/],
    [line('ecdsa-sha2-nistp256', text('ecdsa-sha2-nistp256', 'nistp384', Buffer.alloc(65, 4))), /point/],
    [line('sk-ssh-ed25519@openssh.com', ed), /not supported/],
    [line('ssh-dss', text('ssh-dss', 'x')), /not one of/],
    [`command="rm" ${line('ssh-ed25519', ed)}`, /not a type and base64|does not match/],
  ]
  for (const [key, why] of bad)
    assert.throws(
      () => readPublicKey(key),
      (error: { code: string; why: string }) => error.code === 'SSH_KEY_INVALID' && why.test(error.why),
      key.slice(0, 60),
    )
})
