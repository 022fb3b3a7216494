import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { assetPrefix } from '../../installer/wizard/assets.ts'
import { buildWizard } from '../../installer/wizard/build.ts'
import { bundledFolders } from '../sbom/npm.ts'

/**
 * Builds the wizard's web pages into a directory. Returns the file of each by the name that `wizardAssets` asks for, and the
 * folders of the npm packages that are in them.
 */
export async function wizardPages(directory: string): Promise<{ assets: Record<string, string>; packages: string[] }> {
  const { files, metafile, workingDirectory } = await buildWizard()
  const assets: Record<string, string> = {}
  for (const [path, bytes] of files) {
    const name = `${assetPrefix}${path}`
    const file = join(directory, name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, bytes)
    assets[name] = file
  }
  return { assets, packages: await bundledFolders(metafile, workingDirectory) }
}
