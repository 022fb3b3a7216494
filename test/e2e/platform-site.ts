import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { issueLicense } from '@sealift/bundle-spec/license.ts'
import { buildImages } from '../../manifests/images/build.ts'
import { cacheDirectory } from '../../manifests/images/cache.ts'
import { claims, licenseKeys } from '../fixtures/release.ts'
import { borrowLab } from '../lab/borrow.ts'
import { type Credential, createAuthority, issueCertificate } from '../lab/certificates.ts'
import { logIn, type Platform, type User } from '../lab/demo-user.ts'
import type { Lab } from '../lab/lab.ts'
import { startRegistry } from '../lab/registry.ts'
import { helmBinary } from '../lab/tools.ts'
import { chartDirectory } from '../unit/manifests/rendered-chart.ts'

const run = promisify(execFile)

export const host = 'cde.sealift.test'
/** Names below it are dev URLs and editors, at sites whose values and certificate have it. */
export const devHost = 'dev.sealift.test'

/** What a site has before the platform is installed. */
export type Ground = {
  lab: Lab
  /** for the test's files; removed at the end */
  directory: string
  /** the site's certificate authority */
  authority: Credential
  /** Runs kubectl in the platform's namespace, which exists; returns what it prints. */
  kubectl: (args: readonly string[]) => Promise<string>
}

export type PlatformSite = Ground & {
  platform: Platform
  /** the first administrator, logged in with the password that the chart made */
  admin: User
  adminPassword: string
  /** Takes everything away, the lab too. */
  close: () => Promise<void>
}

export type SiteOptions = {
  /** of the test, for its files */
  name: string
  /** DNS names in the site's certificate beside `host` */
  dns?: readonly string[]
  /** Prepares what the chart's values name (secrets, services of the site); returns values over the site's own. */
  values?: (ground: Ground) => Promise<object>
}

/** Installs the whole platform in a borrowed lab, from the chart and images of this tree, behind TLS of the site's CA. */
export async function startSite({ name, dns = [], values }: SiteOptions): Promise<PlatformSite> {
  const directory = await mkdtemp(join(tmpdir(), `${name}-`))
  const closing: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })]
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step()
  }
  try {
    const { lab, giveBack } = await borrowLab()
    closing.push(giveBack)
    const registry = await startRegistry({
      directory: join(directory, 'registry'),
      // what it has is not pushed again
      storage: join(cacheDirectory(), 'e2e', 'site-registry'),
      address: lab.bastionAddress,
      tls: true,
    })
    closing.push(registry.stop)
    await lab.trust(registry.host, registry.caFile ?? '')
    const digests = await buildImages({ registry: { host: registry.host, caFile: registry.caFile }, version: '0.1.0' })
    const authority = await createAuthority(directory, 'site-ca', 'CA of a site')
    const certificate = await issueCertificate(authority, directory, 'site', {
      commonName: host,
      dns: [host, ...dns],
      usage: ['serverAuth'],
    })
    const kubectl: Ground['kubectl'] = (args) => lab.kubectl(['--namespace=cde', ...args])
    await lab.kubectl(['create', 'namespace', 'cde'])
    await lab.kubectl(['label', 'namespace', 'cde', 'pod-security.kubernetes.io/enforce=restricted'])
    const tls = [`--cert=${certificate.certificateFile}`, `--key=${certificate.keyFile}`]
    await kubectl(['create', 'secret', 'tls', 'cde-tls', ...tls])
    // its images come from a registry of its own
    const licenses = licenseKeys()
    const licenseFile = join(directory, 'license')
    await writeFile(licenseFile, await issueLicense(claims(), licenses.privateKey))
    await kubectl(['create', 'secret', 'generic', 'cde-license', `--from-file=license=${licenseFile}`])
    const ground = { lab, directory, authority, kubectl }
    const own = {
      image: { registry: registry.host },
      images: Object.fromEntries([...digests].map(([image, digest]) => [image, { digest }])),
      license: { secretName: 'cde-license', keys: licenses.publicKey },
      ingress: { host, tls: { enabled: true, hostSecretName: 'cde-tls' } },
    }
    const files = await Promise.all(
      [own, (await values?.(ground)) ?? {}].map(async (content, at) => {
        const file = join(directory, `values-${at}.json`)
        await writeFile(file, JSON.stringify(content))
        return `--values=${file}`
      }),
    )
    const release = ['upgrade', '--install', 'cde', chartDirectory, '--namespace=cde', '--wait', '--timeout=5m']
    await run(await helmBinary(), [...release, `--kubeconfig=${lab.kubeconfig}`, ...files]).catch(async (error) => {
      console.log(await kubectl(['get', 'pods,events', '--output=wide']))
      throw error
    })
    const password = await kubectl(['get', 'secret', 'cde-admin', '-o=jsonpath={.data.password}'])
    const adminPassword = Buffer.from(password, 'base64').toString()
    const ca = await readFile(authority.certificateFile, 'utf8')
    const platform = { host, address: lab.nodeAddress, port: 443, ca }
    const admin = await firstLogin(platform, adminPassword)
    closing.push(() => admin.close())
    return { ...ground, platform, admin, adminPassword, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The load balancer and the firewall hear of the new pods a moment later than Helm. */
async function firstLogin(platform: Platform, password: string): Promise<User> {
  const end = Date.now() + 60_000
  for (;;)
    try {
      return await logIn(platform, 'admin', password)
    } catch (error) {
      if (Date.now() > end) throw error
      await sleep(500)
    }
}
