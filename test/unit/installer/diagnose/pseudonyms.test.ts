import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Redactor } from '../../../../installer/src/diagnose/redact.ts'

test('people have pseudonyms, the same everywhere; accounts of systems keep their names', () => {
  const redactor = new Redactor()
  redactor.learnDevUrlsHost('dev.site.example')
  assert.equal(redactor.text('{"username":"ann.smith","role":"member"}'), '{"username":"user-1","role":"member"}')
  assert.equal(
    redactor.text('ann.smith opened a box; User "bob" cannot list'),
    'user-1 opened a box; User "user-2" cannot list',
  )
  assert.equal(
    redactor.text('mail ann@bank.example or ann%40bank.example'),
    'mail user-3@redacted.invalid or user-4%40redacted.invalid'.replace('user-4', 'user-3'),
  )
  assert.equal(
    redactor.text('GET 8000-box-ann-smith.dev.site.example/x'),
    'GET 8000-workspace-user-1.dev.site.example/x',
  )
  assert.equal(redactor.text('ide-ewglvlv9ng.dev.site.example'), 'ide-ewglvlv9ng.dev.site.example')
  assert.equal(
    redactor.text('open /home/bob/.kube/config, /home/coder/x'),
    'open /home/user-2/.kube/config, /home/coder/x',
  )
  assert.equal(redactor.text('owner=anna-maria[x] said (anna-maria)'), 'owner=user-4[x] said (user-4)')
  assert.equal(redactor.text('{"email":"ann@bank.example"}'), '{"email":"user-3@redacted.invalid"}')
  assert.equal(redactor.text('login: timeout, then a timeout'), 'login: user-5, then a timeout')
  assert.equal(
    redactor.text('user=postgres, owner: admin, username: root'),
    'user=postgres, owner: admin, username: root',
  )
})

test('addresses of clients have pseudonyms in logs, those of the site stay', () => {
  const redactor = new Redactor()
  redactor.learnOwnAddressesIn('node 10.99.0.2, service 10.96.0.10')
  redactor.learnOwnAddress('10.244.0.0/24')
  const line = redactor.logLines()
  assert.equal(
    line(
      '{"client":"10.20.30.40","upstream":"10.244.0.7:8080","node":"10.99.0.2","also":"2001:db8::1"} 10.20.30.40 ::1 1.34.4 12:30:45',
    ),
    '{"client":"client-1","upstream":"10.244.0.7:8080","node":"10.99.0.2","also":"client-2"} client-1 ::1 1.34.4 12:30:45',
  )
})
