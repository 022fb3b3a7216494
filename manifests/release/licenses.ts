import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageIn } from '../sbom/npm.ts'

/** Files in which packages keep what must accompany them. */
const kept = /^(licen[cs]e|copying|notice)/i

/**
 * The text that accompanies an executable: the licenses of all that is in it. A package without a file of its own says at
 * least the name of its license.
 * @param packages folders of npm packages
 * @param first texts that come first, with their titles
 */
export async function licenseText(
  packages: readonly string[],
  first: readonly (readonly [title: string, text: string])[],
): Promise<string> {
  const sections = new Map(first)
  for (const folder of packages) {
    const { name, version, license } = (await packageIn(folder)) ?? { name: folder, version: '' }
    const files = (await readdir(folder, { withFileTypes: true }))
      .filter((entry) => entry.isFile() && kept.test(entry.name))
      .map((entry) => entry.name)
      .sort()
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
    sections.set(`${name} ${version}${license === undefined ? '' : ` (${license})`}`, texts.join('\n'))
  }
  return [...sections]
    .map(([title, text]) => `${'='.repeat(80)}\n${title}\n${'='.repeat(80)}\n\n${text.replaceAll('\r', '').trim()}\n`)
    .join('\n')
}
