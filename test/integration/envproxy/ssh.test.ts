import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { constants } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../fixtures/free-port.ts'
import { makeKey, startSshSite, workspace, writePattern } from './ssh-site.ts'

test('the system client runs a command, with its output, errors, input and exit status', async (t) => {
  const site = await startSshSite(t)
  const { code, stdout, stderr } = await site.ssh(['cat; pwd; echo oops >&2; exit 7'], { input: 'typed\n' })
  assert.deepEqual([code, stdout.toString(), stderr], [7, `typed\n${site.home}\n`, 'oops\n'])
  while (site.reports.length === 0) await sleep(20)
  assert.deepEqual(site.reports[0], [workspace])
})

test('a key that fits two readings of the name opens neither, and the way to say which one is said', async (t) => {
  let key = Buffer.alloc(0)
  const of = (user: string) => ({ user, workspace, status: 'ON', keys: [{ id: 'sshkey0001', key }], grant: 'g' })
  const lookup = async (name: string) => (name.includes('+') ? [of('user-1')] : [of('mallory'), of('user-1')])
  const site = await startSshSite(t, { gate: { lookup } })
  key = Buffer.from((await readFile(join(site.directory, 'id.pub'), 'utf8')).split(' ')[1] ?? '', 'base64')
  const { code, stdout, stderr } = await site.ssh(['echo in'])
  assert.deepEqual([code, stdout.toString()], [255, ''])
  assert.match(stderr, /opens 2 workspaces that are called so\. Log in as <user>\+<workspace>/)
})

test('a command that a signal ends is reported so', async (t) => {
  const site = await startSshSite(t)
  const { code } = await site.ssh(['kill -TERM $$'])
  assert.equal(code, 255)
})

test('a signal that SSH has no name for is reported as a shell does', async (t) => {
  const site = await startSshSite(t)
  for (const name of ['TRAP', 'BUS', 'XCPU', 'SYS'] as const)
    for (const terminal of [[], ['-tt']]) {
      const { code } = await site.ssh([...terminal, `ulimit -c 0; kill -${name} $$`])
      assert.equal(code, 128 + constants.signals[`SIG${name}`], name)
    }
})

test('commands that end at once report how, each time', async (t) => {
  const site = await startSshSite(t)
  for (let i = 0; i < 8; i += 1) {
    const { code, stdout, stderr } = await site.ssh([`echo out; echo err >&2; exit ${i}`])
    assert.deepEqual([code, stdout.toString(), stderr], [i, 'out\n', 'err\n'])
  }
})

test('ten megabytes pass both ways unchanged', async (t) => {
  const site = await startSshSite(t)
  const content = await writePattern(join(site.directory, 'data'), 10_000_000)
  const { code, stdout } = await site.ssh(['cat'], { input: content })
  assert.equal(code, 0)
  assert.ok(stdout.equals(content))
})

test('a terminal has the size, the kind and the variables that the client asked for', async (t) => {
  const site = await startSshSite(t)
  const child = spawn(
    'script',
    [
      '-qec',
      `stty rows 33 cols 101; ssh ${[...site.flags(), '-tt', '-p', `${site.port}`].join(' ')} -o SendEnv=LC_ALL ann-lee-my-box@127.0.0.1`,
      '/dev/null',
    ],
    { env: { ...process.env, TERM: 'vt220', LC_ALL: 'C', SHELL: '/bin/sh' }, timeout: 20_000 },
  )
  const output = text(child.stdout)
  child.stdin.write('stty size; echo $TERM $LC_ALL $((6*7)); exit 3\n')
  const [code] = await once(child, 'exit')
  assert.equal(code, 3)
  assert.match(await output, /33 101\r\n(.*\r\n)*.*vt220 C 42\r\n/)
})

test('sftp puts, lists, gets and removes', async (t) => {
  const site = await startSshSite(t)
  const content = await writePattern(join(site.directory, 'up'), 3_000_000)
  const batch = 'put up there\nls -l there\nget there down\nrename there gone\nrm gone\n'
  const args = [...site.flags(), '-P', `${site.port}`, '-b', '-', 'ann-lee-my-box@127.0.0.1']
  const { code, stdout, stderr } = await site.run('sftp', args, batch)
  assert.equal(code, 0, stderr)
  assert.match(stdout.toString(), /3000000 .*there/)
  assert.ok((await readFile(join(site.directory, 'down'))).equals(content))
  await assert.rejects(stat(join(site.home, 'gone')), { code: 'ENOENT' })
})

test('a local port leads to a port of the workspace, and only of the workspace', async (t) => {
  const site = await startSshSite(t)
  const inside = createServer((socket) => socket.end('hello from inside'))
  inside.listen(0, '127.0.0.1')
  await once(inside, 'listening')
  t.after(() => inside.close())
  const { port: target } = inside.address() as AddressInfo
  const local = await freePort()
  const elsewhere = await freePort()
  const child = spawn('ssh', [
    ...site.flags(),
    ...['-N', '-L', `127.0.0.1:${local}:localhost:${target}`, '-L', `127.0.0.1:${elsewhere}:192.0.2.1:${target}`],
    ...['-p', `${site.port}`, 'ann-lee-my-box@127.0.0.1'],
  ])
  t.after(() => child.kill())
  assert.equal(await readFrom(local), 'hello from inside')
  assert.equal(await readFrom(elsewhere), '')
})

test('another key, another user, another name and a password are refused alike', async (t) => {
  const site = await startSshSite(t)
  const other = join(site.directory, 'other')
  await makeKey(other)
  for (const options of [{ key: other }, { user: 'ann-lee' }, { user: 'bob-my-box' }, { user: 'ann-lee-my-bo' }]) {
    const { code, stderr } = await site.ssh(['true'], options)
    assert.equal(code, 255)
    assert.match(stderr, /Permission denied \(publickey\)/)
  }
  const { stderr } = await site.ssh(['true'], { flags: ['-o', 'PubkeyAuthentication=no'] })
  assert.match(stderr, /Permission denied \(publickey\)/)
})

test('a workspace that does not run says so', async (t) => {
  const site = await startSshSite(t, { status: 'OFF' })
  const { code, stderr } = await site.ssh(['true'])
  assert.equal(code, 255)
  assert.match(stderr, /The workspace is OFF: start it first\./)
})

test('a connection is cut soon after access was withdrawn', async (t) => {
  const site = await startSshSite(t)
  const running = site.ssh(['sleep 20'])
  await sleep(1_000)
  site.verdict.now = 'denied'
  const begun = performance.now()
  assert.equal((await running).code, 255)
  assert.ok(performance.now() - begun < 5_000)
})

test('what a connection left running ends with it', async (t) => {
  const site = await startSshSite(t)
  const marker = join(site.home, 'pid')
  const child = spawn('ssh', [
    ...site.flags(),
    '-p',
    `${site.port}`,
    'ann-lee-my-box@127.0.0.1',
    `echo $$ >${marker}; exec sleep 60`,
  ])
  child.stdin.on('error', () => {})
  child.stdin.write(Buffer.alloc(1_000_000, 'what the program does not read'))
  let pid = 0
  for (let i = 0; i < 100 && pid === 0; i += 1) {
    pid = Number(await readFile(marker, 'utf8').catch(() => '0'))
    await sleep(50)
  }
  child.kill('SIGKILL')
  for (let i = 0; i < 100 && alive(pid); i += 1) await sleep(50)
  assert.equal(alive(pid), false)
})

test('at the workspace nobody gets in without the grant, the key it names, and for this workspace', async (t) => {
  const site = await startSshSite(t)
  const key = join(site.directory, 'intruder')
  await makeKey(key)
  const { stdout: print } = await site.run('ssh-keygen', ['-lf', `${key}.pub`])
  const own = print.toString().split(' ')[1]
  const attempt = async (user: string) => {
    const { code, stderr } = await site.run('ssh', [
      ...site.flags(key),
      '-p',
      `${site.insidePort}`,
      '-l',
      user,
      '127.0.0.1',
      'echo in',
    ])
    return code === 0 ? 'in' : stderr
  }
  assert.equal(await attempt(await site.grant({ key: own })), 'in')
  const denied = /Permission denied/
  assert.match(await attempt('coder'), denied)
  assert.match(await attempt(await site.grant({ key: `SHA256:${'A'.repeat(43)}` })), denied)
  assert.match(await attempt(await site.grant({ key: own, workspace: 'zzzzz12345' })), denied)
  assert.match(await attempt(await site.grant({ key: own, port: 26337 })), denied)
  assert.match(await attempt(await site.grant({ key: own }, -90)), denied)
})

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** What a local port says; tries until it listens. */
async function readFrom(port: number): Promise<string> {
  for (let i = 0; i < 100; i += 1) {
    try {
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect')
      return await text(socket).catch(() => '')
    } catch {
      await sleep(50)
    }
  }
  throw new Error(`nothing listens on ${port}`)
}

test('a quiet session keeps its workspace in use until it ends; a connection without one does not', async (t) => {
  const site = await startSshSite(t)
  const target = ['-p', `${site.port}`, 'ann-lee-my-box@127.0.0.1']
  const inUse = async () => {
    const before = site.reports.length
    await sleep(350)
    return site.reports.slice(before).some((report) => report.includes(workspace))
  }
  const quiet = spawn('ssh', [...site.flags(), '-tt', ...target, 'echo there; read -r line'], { stdio: 'pipe' })
  t.after(() => quiet.kill())
  await once(quiet.stdout, 'data')
  await sleep(300)
  for (let look = 0; look < 3; look++) assert.ok(await inUse(), 'a program that waits, and not a byte passes')
  quiet.stdin.write('\n')
  await once(quiet, 'exit')
  await sleep(300)
  assert.equal(await inUse(), false, 'it has ended')

  const run = await loggedIn(t, site)
  await sleep(300)
  assert.equal(await inUse(), false, 'logged in, but nothing open')
  assert.equal((await run('echo over it')).stdout.toString(), 'over it\n')
  await sleep(300)
  assert.equal(await inUse(), false, 'the command has ended, the connection stays')
})

/** An ssh that has logged in and opened nothing; later calls with `-S` open channels of it. */
async function loggedIn(t: TestContext, site: Awaited<ReturnType<typeof startSshSite>>) {
  const control = join(site.directory, 'control')
  const target = ['-p', `${site.port}`, 'ann-lee-my-box@127.0.0.1']
  const child = spawn('ssh', [...site.flags(), '-M', '-S', control, '-N', '-v', ...target], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  t.after(() => child.kill())
  for await (const line of child.stderr) if (/Authenticated to|authenticated/i.test(String(line))) break
  child.stderr.resume()
  return async (command: string) => {
    assert.equal(child.exitCode, null, 'it is still there')
    return await site.run('ssh', [...site.flags(), '-S', control, ...target, command])
  }
}

test('a first channel long after the login has a grant of its own, and later ones share its connection', async (t) => {
  const site = await startSshSite(t, { gate: { freshMs: 0 } })
  const asked = () => site.asked.filter((path) => path === '/internal/ssh/ann-lee/my-box').length
  // that of the login has ended long ago
  site.knows.grantSeconds = -3_600
  const run = await loggedIn(t, site)
  const before = asked()
  site.knows.grantSeconds = 120
  const first = await run('echo late')
  assert.deepEqual([first.stdout.toString(), first.stderr], ['late\n', ''])
  assert.equal((await run('echo again')).stdout.toString(), 'again\n')
  assert.equal(asked(), before + 1)
})

test('a first channel long after the login is refused where the key was removed or nobody can be asked, until it is well', async (t) => {
  const site = await startSshSite(t, { gate: { freshMs: 0 } })
  const run = await loggedIn(t, site)
  const { keys } = site.knows
  site.knows.keys = []
  const refused = await run('echo in')
  assert.deepEqual([refused.code, refused.stdout.toString()], [255, ''])
  assert.match(refused.stderr, /You may not use this workspace any more\./)
  site.knows.keys = 'nonsense' as never
  assert.match((await run('echo in')).stderr, /any more/)
  site.knows.keys = [{ id: 'sshkey0001', key: '' }]
  assert.match((await run('echo in')).stderr, /Nobody can say whether you may use this; try again\./)
  site.knows.keys = keys
  assert.equal((await run('echo in')).stdout.toString(), 'in\n')
})

test('a forwarded port in use keeps the workspace on, and a client that vanishes lets go', async (t) => {
  const site = await startSshSite(t)
  const inside = createServer((socket) => socket.resume())
  inside.listen(0, '127.0.0.1')
  await once(inside, 'listening')
  t.after(() => inside.close())
  const local = await freePort()
  const { port } = inside.address() as AddressInfo
  const flags = ['-N', '-L', `${local}:127.0.0.1:${port}`, '-p', `${site.port}`, 'ann-lee-my-box@127.0.0.1']
  const child = spawn('ssh', [...site.flags(), ...flags], { stdio: 'ignore' })
  t.after(() => child.kill('SIGKILL'))
  const through = await dialSoon(local)
  t.after(() => through.destroy())
  await sleep(500)
  const before = site.reports.length
  await sleep(350)
  assert.ok(site.reports.length > before)
  child.kill('SIGKILL')
  await sleep(500)
  const after = site.reports.length
  await sleep(350)
  assert.equal(site.reports.length, after)
})

async function dialSoon(port: number) {
  for (let attempt = 0; ; attempt++) {
    const socket = connect(port, '127.0.0.1')
    const open = await Promise.race([
      once(socket, 'connect').then(
        () => true,
        () => false,
      ),
    ])
    if (open) return socket.on('error', () => {})
    assert.ok(attempt < 100, 'ssh does not listen')
    await sleep(100)
  }
}
