import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { exportJWK, jwtVerify, SignJWT } from 'jose'
import { createAccess, type Verdict } from '../../../services/envproxy/access.ts'
import { createActivity } from '../../../services/envproxy/activity.ts'
import { createManager } from '../../../services/envproxy/manager.ts'
import { createQuota } from '../../../services/envproxy/quota.ts'
import { createLookup } from '../../../services/envproxy/ssh/lookup.ts'
import { newOwnKey } from '../../../services/envproxy/ssh/own-key.ts'
import { createSshServer as createGate, type SshOptions } from '../../../services/envproxy/ssh/server.ts'
import { newOpensshKey } from '../../../services/ssh/openssh-key.ts'
import { grantReader } from '../../../services/workspace/grant.ts'
import { shellEnvironment } from '../../../services/workspace/shell-environment.ts'
import { grantChecker } from '../../../services/workspace/ssh/grant.ts'
import { loadHostKey } from '../../../services/workspace/ssh/host-key.ts'
import { createSshServer, type SshOptions as InsideOptions } from '../../../services/workspace/ssh/server.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { listen } from './site.ts'

export const workspace = 'abcde12345'
const internalKey = 'a key of more than thirty-two characters, shared'

export interface Changes {
  gate?: Partial<SshOptions>
  /** of the workspace's own server */
  inside?: Partial<InsideOptions>
  status?: string
}

/**
 * Debian's ssh client -> envproxy -> a workspace's SSH server with real shells, and a manager that knows one user,
 * `ann-lee` with the workspace `my-box`, and her key.
 */
export async function startSshSite(t: TestContext, changes: Changes = {}) {
  const directory = await temporaryDirectory(t)
  const home = await temporaryDirectory(t)
  const signer = generateKeyPairSync('ed25519')
  const jwks = { keys: [{ ...(await exportJWK(signer.publicKey)), kid: 'one', alg: 'EdDSA' }] }
  const clientKey = join(directory, 'id')
  const publicKey = await makeKey(clientKey)
  const asked: string[] = []
  /** the keys that the manager knows, and the seconds for which its grants do */
  const knows = { keys: [{ id: 'sshkey0001', key: publicKey }], grantSeconds: 120 }

  const grant = (claims: object, seconds = 120) =>
    new SignJWT({ workspace, port: 12212, ...claims })
      .setProtectedHeader({ alg: 'EdDSA', kid: 'one' })
      .setAudience('workspace')
      .setSubject('user-1')
      .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
      .sign(signer.privateKey)
  const manager = await listen(
    t,
    createServer(async (request, response) => {
      const url = new URL(request.url ?? '', 'http://manager')
      asked.push(url.pathname)
      const token = request.headers.authorization?.slice('Bearer '.length) ?? ''
      await jwtVerify(token, new TextEncoder().encode(internalKey), { issuer: 'envproxy', audience: 'manager' })
      if (url.pathname !== '/internal/ssh/ann-lee/my-box') return void response.writeHead(404).end()
      const status = changes.status ?? 'ON'
      const given =
        status === 'ON' ? { grant: await grant({ key: url.searchParams.get('key') }, knows.grantSeconds) } : {}
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ user: 'user-1', workspace, status, keys: knows.keys, ...given }))
    }),
  )

  const inside = createSshServer({
    hostKey: await loadHostKey(home),
    check: grantChecker(grantReader(jwks, workspace)),
    home,
    environment: shellEnvironment({ PATH: process.env.PATH, HOME: home }),
    sftpServer: '/usr/lib/openssh/sftp-server',
    log: silent,
    ...changes.inside,
  })
  const insidePort = await listenSsh(t, inside)

  const ownKey = newOwnKey()
  const verdict: { now: Verdict } = { now: { grant: undefined } }
  const access = createAccess({ ask: async () => verdict.now, freshMs: 200 })
  const reports: string[][] = []
  const activity = createActivity(async (workspaces) => void reports.push(workspaces), 100)
  const gate = createGate({
    hostKey: newOpensshKey(),
    ownKey,
    lookup: createLookup(createManager(`http://127.0.0.1:${manager}`, internalKey), ownKey.fingerprint),
    locate: () => ({ host: '127.0.0.1', port: insidePort }),
    quota: createQuota({ total: 100, perUser: 8 }),
    access,
    activity,
    log: silent,
    ...changes.gate,
  })
  const port = await listenSsh(t, gate)
  t.after(() => {
    access.close()
    activity.close()
    gate.cut()
  })

  /** Flags for ssh and, with -P, for sftp and scp. */
  const flags = (key = clientKey) => [
    ...['-i', key, '-F', '/dev/null'],
    ...['IdentitiesOnly=yes', 'BatchMode=yes', 'StrictHostKeyChecking=accept-new', 'LogLevel=ERROR'].flatMap((o) => [
      '-o',
      o,
    ]),
    ...['-o', `UserKnownHostsFile=${join(directory, 'known_hosts')}`],
  ]
  const run = (program: string, args: string[], input?: string | Buffer) => runProgram(program, args, directory, input)
  return {
    directory,
    home,
    port,
    insidePort,
    asked,
    reports,
    verdict,
    knows,
    grant,
    flags,
    run,
    ssh: (
      args: string[],
      options: { user?: string; key?: string; input?: string | Buffer; flags?: string[]; port?: number } = {},
    ) =>
      run(
        'ssh',
        [
          ...flags(options.key),
          ...(options.flags ?? []),
          '-p',
          `${options.port ?? port}`,
          '-l',
          options.user ?? 'ann-lee-my-box',
          '127.0.0.1',
          ...args,
        ],
        options.input,
      ),
  }
}

const silent = { info() {}, warn() {} }

/** Makes an Ed25519 key pair for ssh; returns the public half. */
export async function makeKey(file: string): Promise<string> {
  await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file])
  return (await readFile(`${file}.pub`, 'utf8')).trim()
}

async function listenSsh(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

interface Ended {
  code: number | string | null
  stdout: Buffer
  stderr: string
}

/** Runs a client to its end, at most 30 seconds. */
function runProgram(program: string, args: string[], cwd: string, input?: string | Buffer): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { cwd, timeout: 30_000, encoding: 'buffer', maxBuffer: 256 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = error ? ((error as { code?: number | string }).code ?? error.signal ?? null) : 0
        resolve({ code, stdout, stderr: stderr.toString() })
      },
    )
    child.stdin?.on('error', () => {})
    child.stdin?.end(input ?? '')
  })
}

/** Writes a file of a given size with content that differs from byte to byte. */
export async function writePattern(file: string, bytes: number): Promise<Buffer> {
  const content = Buffer.alloc(bytes)
  for (let i = 0; i + 4 <= bytes; i += 4) content.writeUInt32LE((i * 2_654_435_761) >>> 0, i)
  await writeFile(file, content)
  return content
}
