import { appendFile, copyFile } from 'node:fs/promises'
import { type OnBorrowedLab, onBorrowedLab } from '../../e2e/borrowed-lab.ts'
import { type DemoGround, host, startGround, writeAnswers } from '../../lab/demo-ground.ts'
import { sealift } from '../../lab/demo-sealift.ts'
import { steps } from '../../lab/demo-step.ts'
import type { Platform } from '../../lab/demo-user.ts'
import { release10 } from '../../lab/releases/releases.ts'

/** A site in a borrowed lab with two replicas of each service, and the bundles that it may be upgraded to beside its own. */
export interface UpgradeSite {
  ground: OnBorrowedLab<DemoGround>
  platform: Platform
  adminPassword: string
  /** Carries a bundle over and serves it beside the others; returns where it is. */
  carry(bundle: string, name: string): Promise<string>
}

const twoOfEach = `values:
  manager: { replicas: 2 }
  envproxy: { replicas: 2 }
  dashboard: { replicas: 2 }
  ingress: { controller: { replicas: 2 } }
`

/** Installs release 1.0.0 of the lab. The caller closes `ground`. */
export async function startUpgradeSite(log: (line: string) => void): Promise<UpgradeSite> {
  const ground = await onBorrowedLab((options) =>
    startGround({ ...options, log, release: release10 }, steps(log, false)),
  )
  try {
    const { files, site, served } = ground
    await writeAnswers(ground, files.paid)
    await appendFile(files.answers, twoOfEach)
    await sealift(['install', '--headless', `--answers=${files.answers}`])
    return {
      ground,
      platform: {
        host,
        address: await site.ingressAddress(),
        port: 443,
        ca: await site.secret('cde', 'cde-ca', 'ca.crt'),
      },
      adminPassword: await site.secret('cde', 'cde-admin', 'password'),
      async carry(bundle, name) {
        const path = `${files.bundles}/${name}.bundle`
        await copyFile(bundle, path)
        await served.reload()
        return path
      },
    }
  } catch (error) {
    await ground.close()
    throw error
  }
}
