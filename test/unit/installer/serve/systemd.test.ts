import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { exitCodes, SealiftError } from '@sealift/bundle-spec/error.ts'
import { systemdUnit, type UnitOptions } from '../../../../installer/src/serve/systemd.ts'
import { code } from '../../../fixtures/code.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'

const execute = promisify(execFile)

const options: UnitOptions = {
  program: ['/usr/local/bin/sealift'],
  bundles: [
    { path: '/srv/cde 1%.bundle', isDirectory: false },
    { path: '/srv/more', isDirectory: true },
  ],
  flags: [
    ['--listen', '10.0.0.5:443'],
    ['--trust', '/etc/sealift/vendor.pub'],
    ['--license', '/etc/sealift/bank.license'],
    ['--username', 'a$b"c\\'],
    ['--password-file', '/etc/sealift/password'],
    ['--token-auth'],
  ],
  state: '/var/lib/sealift/serve',
  port: 443,
}

test('a unit runs exactly the flags given, with secrets handed over by systemd', () => {
  const unit = systemdUnit(options)
  const line = (key: string) => unit.split('\n').filter((one) => one.startsWith(`${key}=`))
  assert.deepEqual(line('ExecStart'), [
    // biome-ignore lint/suspicious/noTemplateCurlyInString: systemd fills it in
    'ExecStart=/usr/local/bin/sealift serve "/srv/cde 1%%.bundle" /srv/more --listen 10.0.0.5:443 --trust /etc/sealift/vendor.pub --license ${CREDENTIALS_DIRECTORY}/license --username "a$$b\\"c\\\\" --password-file ${CREDENTIALS_DIRECTORY}/password-file --token-auth --state /var/lib/sealift/serve',
  ])
  assert.deepEqual(line('LoadCredential'), [
    'LoadCredential=license:/etc/sealift/bank.license',
    'LoadCredential=password-file:/etc/sealift/password',
  ])
  assert.deepEqual(line('StateDirectory'), ['StateDirectory=sealift/serve'])
  assert.deepEqual(line('ReadOnlyPaths'), ['ReadOnlyPaths=/srv', 'ReadOnlyPaths=/srv/more'])
  assert.deepEqual(line('AmbientCapabilities'), ['AmbientCapabilities=CAP_NET_BIND_SERVICE'])
  assert.deepEqual(
    systemdUnit({ ...options, port: 5000 }).match(/^AmbientCapabilities=.*$/m)?.[0],
    'AmbientCapabilities=',
  )
})

test('a service is not started again for ever on what no start mends', () => {
  const unit = systemdUnit(options)
  const [before = '', service = ''] = unit.split('[Service]')
  // limits of starts are read in [Unit] alone (systemd.unit(5))
  assert.match(before, /^StartLimitIntervalSec=6h\nStartLimitBurst=20$/m)
  assert.match(service, /^Restart=on-failure$/m)
  const prevented = /^RestartPreventExitStatus=(.*)$/m.exec(service)?.[1]?.split(' ').map(Number)
  const failures = ['USAGE_FILE', 'BUNDLE_FORMAT', 'LICENSE_EXPIRED', 'STORAGE_CERTIFICATES'] as const
  assert.deepEqual(
    prevented,
    failures.map((code) => new SealiftError(code, '').exitCode),
  )
  // a defect may be one that comes only now and then: the limit of starts ends those that come each time
  assert.ok(!prevented?.includes(exitCodes.INTERNAL))
})

test('what a service cannot see or keep is refused', () => {
  const bad = (more: Partial<UnitOptions>) =>
    assert.throws(() => systemdUnit({ ...options, ...more }), code('USAGE_SYSTEMD'))
  bad({ bundles: [{ path: '/root/cde.bundle', isDirectory: false }] })
  bad({ bundles: [{ path: '/tmp/cde.bundle', isDirectory: false }] })
  bad({ program: ['/home/me/sealift'] })
  bad({ state: '/srv/state' })
  bad({ flags: [['--username', 'a\nExecStartPre=/bin/sh']] })
})

const hasAnalyze = await execute('systemd-analyze', ['--version']).then(
  () => true,
  () => false,
)

test('systemd accepts the unit', { skip: hasAnalyze ? false : 'systemd-analyze is not here' }, async (t) => {
  const directory = await temporaryDirectory(t)
  const path = join(directory, 'sealift.service')
  // it looks whether the program is there
  const program = '/usr/bin/env'
  for (const unit of [
    systemdUnit({ ...options, program: [program] }),
    systemdUnit({ ...options, program: [program], state: undefined, port: 5000 }),
  ]) {
    await writeFile(path, unit)
    await chmod(path, 0o644)
    const { stdout, stderr } = await execute('systemd-analyze', ['verify', '--man=no', path])
    assert.equal(stdout + stderr, '')
  }
})
