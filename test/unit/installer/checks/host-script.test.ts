import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { hostScript } from '../../../../installer/src/checks/host-script.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'

const there = (shell: string) => spawnSync(shell, ['-c', ':']).error === undefined
/** each shell that is here; `sh` is somewhere else dash, busybox, bash or ksh */
const shells = [
  ['sh'],
  ...['dash', 'bash', 'busybox'].filter(there).map((one) => (one === 'busybox' ? [one, 'sh'] : [one])),
]

const site = { host: 'cde.site.example', registry: { kind: 'serve', address: "10.0.0.5:5000/it's" } } as const

/** A node as it should be: files below a root, and programs by what they print. */
const good = {
  files: {
    'proc/sys/kernel/osrelease': '6.1.0-18-amd64\n',
    'proc/sys/kernel/hostname': 'node-1.site.example\n',
    'proc/cpuinfo': 'processor : 0\n'.repeat(8),
    'proc/meminfo': 'MemTotal:       16384000 kB\n',
    'proc/sys/fs/inotify/max_user_instances': '8192\n',
    'proc/sys/fs/inotify/max_user_watches': '524288\n',
    'proc/net/route': 'Iface Destination Gateway\neth0 00000000 0100000A\n',
    'sys/fs/cgroup/cgroup.controllers': 'cpu memory\n',
    'etc/resolv.conf': 'search site.example\nnameserver 10.0.0.2\n',
    'etc/containerd/certs.d/10.0.0.5:5000/hosts.toml': '',
    'etc/containerd/certs.d/10.0.0.5:5000/ca.crt': '',
    'var/lib/kubelet/pods': '',
  },
  programs: {
    df: 'echo Filesystem; echo "/dev/sda1 104857600 20971520 83886080 20% /"',
    timedatectl: 'echo yes',
    curl: 'printf 401',
    // getent hosts NAME
    getent: 'case $2 in cde.*) echo 10.0.0.7 ;; *) exit 2 ;; esac',
  },
}

interface Changes {
  files?: Record<string, string | undefined>
  programs?: Record<string, string>
}

/** Lays out a node and its script. */
async function prepare(t: TestContext, { files = {}, programs = {} }: Changes) {
  const directory = await temporaryDirectory(t)
  const root = join(directory, 'root')
  for (const [name, text] of Object.entries({ ...good.files, ...files })) {
    if (text === undefined) continue
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
  }
  const bin = join(directory, 'bin')
  await mkdir(bin)
  for (const [name, text] of Object.entries({ ...good.programs, ...programs })) {
    await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`)
    await chmod(join(bin, name), 0o755)
  }
  const script = join(directory, 'node.sh')
  await writeFile(script, hostScript(site))
  const env = { PATH: `${bin}:${process.env.PATH}`, HOST_ROOT: root, HOST_WRITES: '3' }
  return { script, env, kept: async () => (await readdir(join(root, 'var/lib/kubelet'))).sort() }
}

async function run(t: TestContext, shell: readonly string[], changes: Changes = {}) {
  const { script, env, kept } = await prepare(t, changes)
  const [program = '', ...words] = shell
  const { status, stdout, stderr } = spawnSync(program, [...words, script], { env, encoding: 'utf8' })
  assert.equal(stderr, '')
  assert.deepEqual(await kept(), ['pods'])
  return { status, stdout, line: (name: string) => stdout.split('\n').find((line) => line.includes(`  ${name}`)) ?? '' }
}

for (const shell of shells)
  test(`a good node is all OK under ${shell.join(' ')}, and no scratch file stays`, async (t) => {
    const { status, stdout } = await run(t, shell)
    // how long a write takes is what this machine says
    const lines = stdout.split('\n').filter((line) => !line.includes('write-latency'))
    assert.ok(
      lines.slice(0, -2).every((line) => line.startsWith('OK    ')),
      stdout,
    )
    assert.match(stdout, /write-latency \/var\/lib\/kubelet: found \d+ ms on average, \d+ ms at worst, of 3 writes; /)
    if (!stdout.includes('FAIL')) assert.equal(status, 0)
  })

const bad: [name: string, verdict: 'WARN' | 'FAIL', found: RegExp, changes: Changes][] = [
  ['kernel', 'FAIL', /3\.10\.0/, { files: { 'proc/sys/kernel/osrelease': '3.10.0-1160.el7\n' } }],
  ['kernel', 'FAIL', /4\.4\.9/, { files: { 'proc/sys/kernel/osrelease': '4.4.9\n' } }],
  ['cgroup', 'WARN', /version 1/, { files: { 'sys/fs/cgroup/cgroup.controllers': undefined } }],
  ['processors', 'FAIL', /1 cores/, { files: { 'proc/cpuinfo': 'processor : 0\n' } }],
  ['processors', 'WARN', /2 cores/, { files: { 'proc/cpuinfo': 'processor : 0\nprocessor : 1\n' } }],
  ['memory', 'FAIL', /2000 MB/, { files: { 'proc/meminfo': 'MemTotal: 2000000 kB\n' } }],
  ['memory', 'WARN', /nothing that could be read/, { files: { 'proc/meminfo': undefined } }],
  ['inotify-instances', 'WARN', /128/, { files: { 'proc/sys/fs/inotify/max_user_instances': '128\n' } }],
  ['inotify-watches', 'WARN', /8192/, { files: { 'proc/sys/fs/inotify/max_user_watches': '8192\n' } }],
  ['room', 'FAIL', /19 GiB in all/, { programs: { df: 'echo F; echo "/dev/sda1 20000000 100 19999900 1% /"' } }],
  ['room', 'FAIL', /91 % used/, { programs: { df: 'echo F; echo "/dev/sda1 104857600 95000000 9857600 91% /"' } }],
  ['room', 'WARN', /61 % used/, { programs: { df: 'echo F; echo "/dev/sda1 104857600 64000000 40857600 61% /"' } }],
  ['room', 'WARN', /nothing that df/, { programs: { df: 'exit 1' } }],
  ['write-latency', 'FAIL', /[1-9]\d\d? ms on average/, { programs: { dd: 'sleep 0.1' } }],
  ['clock', 'FAIL', /not synchronized/, { programs: { timedatectl: 'echo no' } }],
  [
    'clock',
    'FAIL',
    /not synchronized/,
    { programs: { timedatectl: ':', chronyc: 'echo "Leap status : Not synchronised"' } },
  ],
  ['host-name', 'FAIL', /Node_1/, { files: { 'proc/sys/kernel/hostname': 'Node_1\n' } }],
  ['name-server', 'FAIL', /127\.0\.0\.1/, { files: { 'etc/resolv.conf': 'nameserver 127.0.0.1\n' } }],
  ['name-server', 'FAIL', /127\.0\.0\.53/, { files: { 'etc/resolv.conf': 'nameserver 127.0.0.53\n' } }],
  ['name-server', 'WARN', /none/, { files: { 'etc/resolv.conf': '' } }],
  ['wildcard', 'FAIL', /search domain/, { programs: { getent: 'echo 10.0.0.9' } }],
  ['name cde', 'WARN', /not resolved/, { programs: { getent: 'exit 2' } }],
  ['route', 'FAIL', /no default route/, { files: { 'proc/net/route': 'Iface\neth0 0000000A 0\n' } }],
  ['registry:', 'FAIL', /refused 000/, { programs: { curl: 'echo "Connection refused"; printf 000' } }],
  ['registry:', 'FAIL', /404/, { programs: { curl: 'printf 404' } }],
  [
    'registry-trust',
    'WARN',
    /hosts\.toml/,
    { files: { 'etc/containerd/certs.d/10.0.0.5:5000/hosts.toml': undefined } },
  ],
]

test('each thing that is wrong with a node is told, with what is needed', async (t) => {
  for (const [name, verdict, found, changes] of bad) {
    const { status, stdout, line } = await run(t, ['sh'], changes)
    const text = line(name)
    assert.match(text, new RegExp(`^${verdict}  ${name}.* found .*; needed .`), stdout)
    assert.match(text, found)
    if (verdict === 'FAIL') assert.equal(status, 1)
  }
})

test('a script that is stopped while it writes takes its scratch file with it', async (t) => {
  const { script, env, kept } = await prepare(t, { programs: { dd: 'sleep 0.2' } })
  for (const shell of shells) {
    const [program = '', ...words] = shell
    const child = spawn(program, [...words, script], { env: { ...env, HOST_WRITES: '100' }, stdio: 'ignore' })
    while ((await kept()).length === 1) await setTimeout(20)
    child.kill('SIGTERM')
    await once(child, 'close')
    assert.deepEqual(await kept(), ['pods'], shell.join(' '))
  }
})

test('the script asks what the answers name, and words in them stay words', async () => {
  const text = hostScript({
    host: "x'; touch /tmp/pwned; '",
    registry: { kind: 'serve', address: 'r.example', plainHttp: true },
  })
  assert.match(text, /^registry='r\.example'\nscheme=http\nhost='x'\\''; touch \/tmp\/pwned; '\\'''$/m)
  assert.match(hostScript(), /^registry=''$/m)
})
