import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeExecutable } from '../executable/make.ts'
import { pinnedNode } from '../executable/pinned-node.ts'
import { nodeVersion, type Platform, platforms } from '../executable/platforms.ts'
import { bundleProgram } from '../executable/program.ts'
import { sourceDate } from '../images/rootfs.ts'
import { nodeProgram } from '../sbom/contents.ts'
import { sbomDocument } from '../sbom/document.ts'
import { distinct, packageIn } from '../sbom/npm.ts'
import { licenseText } from './licenses.ts'
import { sha256Of } from './sums.ts'

const root = join(import.meta.dirname, '../..')

/**
 * Makes what is released in a directory: the executable for each platform with its SBOM (CycloneDX), and the licenses of all
 * that is in them. The same sources give the same bytes.
 * @param work an empty directory for what is made on the way
 * @throws SealiftError BUILD_NODE, BUILD_COMMAND
 */
export async function makeContents(directory: string, work: string, log: (line: string) => void): Promise<void> {
  const { version } = JSON.parse(await readFile(join(root, 'installer/package.json'), 'utf8')) as { version: string }
  const program = await bundleProgram(work)
  const npm = distinct(await Promise.all(program.packages.map(packageIn)))
  const contents = { distribution: undefined, debian: [], npm, programs: [nodeProgram(process.versions)] }
  const texts: [title: string, text: string][] = [
    [`Sealift ${version} (Apache-2.0)`, await readFile(join(root, 'LICENSE'), 'utf8')],
  ]
  for (const platform of Object.keys(platforms) as Platform[]) {
    const path = join(directory, `sealift-${version}-${platform}`)
    log(`making the executable for ${platform}`)
    const node = await pinnedNode(platform, work)
    await makeExecutable(program, node, path)
    const digest = `sha256:${await sha256Of(path)}`
    const subject = { kind: 'application', name: 'sealift', version, digest, sourceDate: Number(sourceDate) } as const
    await write(`${path}.cdx.json`, sbomDocument(subject, contents))
    texts[1] = [`Node.js ${nodeVersion}`, await readFile(node.license, 'utf8')]
  }
  texts.push(['Comments in the sources', await readFile(program.legal, 'utf8')])
  await write(join(directory, `sealift-${version}-licenses.txt`), await licenseText(program.packages, texts))
}

/** Writes a file that everybody may read, whatever the umask is. */
export async function write(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(path, content)
  await chmod(path, 0o644)
}
