import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { AppsV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node'
import { issueLicense } from '@sealift/bundle-spec/license.ts'
import pg from 'pg'
import { claims, licenseKeys } from '../fixtures/release.ts'
import { startPostgres } from '../integration/postgres.ts'
import type { Lab } from '../lab/lab.ts'
import { managerAccount } from './manager-account.ts'

const entry = fileURLToPath(new URL('../../services/manager/server.ts', import.meta.url))

/** A manager as a process of its own, with the API of the lab's Kubernetes and no rights but those of the chart. */
export type ManagerProcess = {
  url: string
  child: ChildProcess
  /** whether it has said that it reconciles */
  leads(): boolean
  call(method: string, path: string, body?: object): Promise<{ status: number; body: Answer; headers: Headers }>
  /** Ends it without a chance to finish anything, and resolves once it is gone. */
  kill(): Promise<void>
}
// biome-ignore lint/suspicious/noExplicitAny: JSON of any kind
type Answer = any

/** Real managers over one database and one namespace of the lab. */
export type ManagerSite = {
  namespace: string
  core: CoreV1Api
  apps: AppsV1Api
  /** token of the first administrator's session, once logged in */
  token: string
  /** the same as a browser keeps it: name=value */
  cookie: string
  start(environment?: Record<string, string>): Promise<ManagerProcess>
  close(): Promise<void>
}

/** Makes what managers need: a database in a PostgreSQL of its own, keys, a namespace under restricted pod security. */
export async function managerSite(lab: Lab, image: string): Promise<ManagerSite> {
  const directory = await mkdtemp(join(tmpdir(), 'managers-'))
  const config = new KubeConfig()
  config.loadFromFile(lab.kubeconfig)
  const core = config.makeApiClient(CoreV1Api)
  const namespace = `managers-${randomBytes(4).toString('hex')}`
  const closing: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })]
  const file = async (name: string, content: string) => {
    await writeFile(join(directory, name), content, { mode: 0o600 })
    return join(directory, name)
  }
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step()
  }
  try {
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
    await core.createNamespace({ body: { metadata: { name: namespace, labels } } })
    closing.push(() => core.deleteNamespace({ name: namespace }))
    const account = await managerAccount(config, namespace)
    closing.push(account.remove)
    const kubeconfig = await file('kubeconfig', account.config.exportConfig())
    const postgres = await startPostgres()
    closing.push(() => postgres.stop())
    const { host, port, user, password } = postgres
    const admin = new pg.Client({ host, port, user, password, database: 'postgres' })
    await admin.connect()
    await admin.query('CREATE DATABASE cde')
    await admin.end()
    const licenses = licenseKeys()
    const adminPassword = randomBytes(12).toString('hex')
    const pem = (key: { export(options: object): unknown }, type: string) => String(key.export({ type, format: 'pem' }))
    const common = {
      ...{ PATH: process.env.PATH ?? '', HOME: directory, PORT: '0', HOST: '127.0.0.1', KUBECONFIG: kubeconfig },
      ...{ PGHOST: host, PGPORT: String(port), PGUSER: user, PGDATABASE: 'cde' },
      PGPASSWORD_FILE: await file('pg', password),
      ADMIN_PASSWORD_FILE: await file('admin', adminPassword),
      TICKET_KEY_FILE: await file('ticket.pem', pem(generateKeyPairSync('ed25519').privateKey, 'pkcs8')),
      LICENSE_KEYS_FILE: await file('keys.pem', licenses.publicKey),
      // its image is published nowhere
      LICENSE_FILE: await file('license', await issueLicense(claims(), licenses.privateKey)),
      ACCESS_URL: 'https://cde.example',
      WORKSPACE_NAMESPACE: namespace,
      WORKSPACE_IMAGE: image,
    }
    const site: ManagerSite = {
      namespace,
      core,
      apps: config.makeApiClient(AppsV1Api),
      token: '',
      cookie: '',
      start,
      close,
    }
    return site

    async function start(environment: Record<string, string> = {}): Promise<ManagerProcess> {
      const child = spawn(process.execPath, [entry], {
        env: { ...common, ...environment },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const gone = once(child, 'exit')
      const kill = async () => {
        child.kill('SIGKILL')
        await gone
      }
      closing.push(kill)
      let leads = false
      const lines: string[] = []
      const { promise, resolve, reject } = Promise.withResolvers<string>()
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (lines.push(line) > 200) lines.shift()
        if (line.includes('this replica reconciles workspaces')) leads = true
        const [, url] = /listening at (http:[^"]+)"/.exec(line) ?? []
        if (url !== undefined) resolve(url)
      })
      gone.then(() => reject(new Error(`the manager ended: ${lines.join('\n')}`)))
      const url = await promise
      const call: ManagerProcess['call'] = async (method, path, body) => {
        const response = await fetch(new URL(path, url), {
          method,
          headers: { 'session-token': site.token, ...(body ? { 'content-type': 'application/json' } : {}) },
          ...(body ? { body: JSON.stringify(body) } : {}),
          signal: AbortSignal.timeout(30_000),
        })
        const text = await response.text()
        return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) }
      }
      if (site.token === '') {
        const login = await call('POST', '/auth/basic/login', { username: 'admin', password: adminPassword })
        site.token = login.body.session_token
        site.cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? ''
      }
      return { url, child, leads: () => leads, call, kill }
    }
  } catch (error) {
    await close()
    throw error
  }
}
