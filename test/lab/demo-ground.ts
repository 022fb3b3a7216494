import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type DemoFiles, demoFiles } from './demo-files.ts'
import { sealDemo } from './demo-seal.ts'
import { sealift, sealiftExecutable } from './demo-sealift.ts'
import { type Served, startServing } from './demo-serve.ts'
import { type Site, type SiteOptions, siteOf } from './demo-site.ts'
import type { Step } from './demo-step.ts'
import { ensurePackages } from './packages.ts'
import type { ReleaseVariant } from './releases/release-variant.ts'
import { sealRelease } from './releases/seal-release.ts'

/** Names of the platform. */
export const host = 'cde.sealift.test'
export const devUrlsHost = 'dev.sealift.test'

/** A site before anything is installed: its cluster, the bundle that was carried over, and the registry that serves it. */
export interface DemoGround {
  files: DemoFiles
  site: Site
  served: Served
  /** peak resident memory in bytes, by command */
  memory: Record<string, number>
  /** Stops the served registry. The site stays. */
  stop(): Promise<void>
}

export interface GroundOptions extends SiteOptions {
  /** where everything that the demo makes is kept */
  directory: string
  /** what was carried over, and what the site makes of it; `directory`/bastion by default */
  bastion?: string | undefined
  /** a release of the lab instead of the demo's own */
  release?: ReleaseVariant
}

/** Seals the release, brings the site up beside it, carries the bundle over, verifies it and serves it to the nodes. */
export async function startGround(options: GroundOptions, say: Step): Promise<DemoGround> {
  const files = demoFiles(options.directory, options.bastion)
  const { step } = say
  await ensurePackages('lab', 'images', 'registry')

  await step('Build the executable', sealiftExecutable)
  // the site's binaries and the images are built side by side: neither needs the other
  const [site, { path, peakMemory }] = await Promise.all([
    step('Bring up the site', () => siteOf(options)),
    sealed(files, options.release, say),
  ])
  // what an earlier run has carried over
  await rm(files.bundles, { recursive: true, force: true })
  await mkdir(files.bundles, { recursive: true })
  await step('Carry it over', () => copyFile(path, files.bundle))
  const verified = await step('Verify it', () =>
    sealift(['bundle', 'verify', files.bundle, `--trust=${files.trust}`], say),
  )
  const { serveState: state, bundles, trust } = files
  const serving = { bundle: bundles, trust, address: site.bastionAddress, port: site.registryPort, state }
  const served = await step('Serve it straight from the file', () => startServing({ ...serving, license: files.paid }))
  await site.trust(served.registry, served.caFile).catch(async (error) => {
    await served.stop()
    throw error
  })
  const memory = { 'bundle build': peakMemory, 'bundle verify': verified.peakMemory }
  return { files, site, served, memory, stop: served.stop }
}

/** Seals what is carried over, or takes a release of the lab that was sealed before: then nothing is known of the memory. */
async function sealed(
  files: DemoFiles,
  release: ReleaseVariant | undefined,
  say: Step,
): Promise<{ path: string; peakMemory: number }> {
  if (release) return { path: await sealRelease(files, release, say.note), peakMemory: 0 }
  return { path: files.sealed, peakMemory: await sealDemo(files, files.sealed, say) }
}

/** Writes the answers of the site's operator, with one license or the other. */
export async function writeAnswers({ files, site, served }: DemoGround, license: string): Promise<void> {
  const template = await readFile(join(import.meta.dirname, 'demo-answers.yaml'), 'utf8')
  const values: Record<string, string> = {
    ...files,
    license,
    kubeconfig: site.kubeconfig,
    registry: served.registry,
    ca: served.caFile,
    host,
    devUrlsHost,
  }
  await writeFile(
    files.answers,
    template.replace(/\$\{(\w+)\}/g, (_, name: string) => JSON.stringify(values[name])),
  )
}
