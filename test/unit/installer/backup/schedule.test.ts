import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { backupUnits, type Schedule } from '../../../../installer/src/backup/schedule.ts'
import { code } from '../../../fixtures/code.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'

const execute = promisify(execFile)
const schedule: Schedule = {
  program: ['/usr/bin/env'],
  kubeconfig: '/etc/sealift/kube config',
  namespace: 'cde',
  directory: '/var/lib/sealift/backups',
  calendar: '*-*-* 02:30',
  recipients: ['age1abc'],
  passphraseFile: '/root/passphrase',
  keep: 14,
  keepDays: 30,
}

test('a timer and a service that backs up and prunes; secrets are handed over, and are in no word', () => {
  const [service, timer] = backupUnits(schedule)
  assert.deepEqual([service.name, timer.name], ['sealift-backup-cde.service', 'sealift-backup-cde.timer'])
  const [create = '', prune = ''] = service.text.match(/^ExecStart=.*$/gm) ?? []
  // biome-ignore lint/suspicious/noTemplateCurlyInString: systemd's own variable
  const where = '--kubeconfig ${CREDENTIALS_DIRECTORY}/kubeconfig --namespace cde --directory /var/lib/sealift/backups'
  assert.equal(
    create,
    `ExecStart=/usr/bin/env backup create ${where} --recipient age1abc --passphrase-file \${CREDENTIALS_DIRECTORY}/passphrase`,
  )
  assert.equal(prune, `ExecStart=/usr/bin/env backup prune ${where} --keep 14 --keep-days 30`)
  assert.match(
    service.text,
    /^LoadCredential=kubeconfig:\/etc\/sealift\/kube config\nLoadCredential=passphrase:\/root\/passphrase$/m,
  )
  assert.match(timer.text, /^OnCalendar=\*-\*-\* 02:30$/m)
  const without = backupUnits({ ...schedule, keep: undefined, keepDays: undefined, passphraseFile: undefined })[0]
  assert.doesNotMatch(without.text, /prune|passphrase/)
})

test('what the service could not see, or what is no time, is refused', () => {
  assert.throws(() => backupUnits({ ...schedule, directory: '/home/me/backups' }), code('USAGE_SYSTEMD'))
  for (const calendar of ['', 'daily\nExecStart=/bin/sh', '%h', 'daily;x'])
    assert.throws(() => backupUnits({ ...schedule, calendar }), code('USAGE_SYSTEMD'), calendar)
  assert.throws(() => backupUnits({ ...schedule, recipients: ['a\nb'] }), code('USAGE_SYSTEMD'))
})

const hasAnalyze = await execute('systemd-analyze', ['--version']).then(
  () => true,
  () => false,
)

test('systemd accepts both units', { skip: hasAnalyze ? false : 'systemd-analyze is not here' }, async (t) => {
  const directory = await temporaryDirectory(t)
  for (const { name, text } of backupUnits(schedule)) {
    const path = join(directory, name)
    await writeFile(path, text)
    const { stdout, stderr } = await execute('systemd-analyze', ['verify', '--man=no', path])
    assert.equal(stdout + stderr, '')
  }
})
