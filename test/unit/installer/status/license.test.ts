import assert from 'node:assert/strict'
import { test } from 'node:test'
import { healthy } from './healthy.ts'

const now = Math.floor(Date.now() / 1000)
const days = (count: number) => ({ license_expires: now + count * 86_400, exp: now + (count + 14) * 86_400 })

test('a license that was uploaded since the installation is the one that is shown, with its end', async (t) => {
  const { look, license, inForce } = await healthy(t)
  await license(days(-1))
  inForce({ id: 'of "Pier"\\', tier: 'trial', ...days(90) })
  const { line, error } = await look()
  assert.equal(error, undefined)
  assert.equal(line('license')?.state, 'passed')
  assert.match(
    line('license')?.found ?? '',
    /^trial, license of "Pier"\\, uploaded since the installation, ends \d{4}-\d\d-\d\d, in 90 days$/,
  )
})

test('a license in its grace period, refused, or not there warns, or stops an air-gapped site', async (t) => {
  const { look, inForce, receipt, answers, core } = await healthy(t)
  const shown = async () => {
    const { state, level, found = '', fix } = (await look()).line('license') ?? {}
    assert.equal(state, 'failed')
    assert.match(fix ?? '', /upload/)
    return `${level}: ${found}`
  }
  inForce(days(-1), 'grace')
  assert.match(await shown(), /^warning: enterprise for .*, ended .*; its grace period ends .*, in 13 days$/)
  inForce({ tier: 'free', id: 'other' }, 'refused')
  assert.match(await shown(), /^error: free, license other, .*: it is not for a site like this$/)
  receipt({ site: { host: 'cde.example', mode: 'connected' } })
  assert.match(await shown(), /^warning: free/)
  answers.set(`${core}/services/http:cde-manager:8080/proxy/metrics`, '')
  assert.equal(await shown(), 'warning: the manager has none')
})

test('where the manager cannot be asked the license of the installation is said to be no more than that', async (t) => {
  const { look, license, answers, put, core } = await healthy(t)
  answers.delete(`${core}/services/http:cde-manager:8080/proxy/metrics`)
  await license({ tier: 'free', ...days(90) })
  const first = (await look()).line('license')
  assert.equal(first?.state, 'passed')
  assert.match(first?.found ?? '', /^free for .*, in 90 days; it came with the installation, and whether another one/)
  await license(days(-30))
  assert.match((await look()).line('license')?.found ?? '', /ended .*; whether another one was uploaded since cannot/)
  put(`${core}/secrets/cde-license`, { data: { license: Buffer.from('a.b.c').toString('base64') } })
  const { state, found } = (await look()).line('license') ?? {}
  assert.equal(state, 'skipped')
  assert.match(found ?? '', /^cannot be known: this is not a license; whether/)
})
