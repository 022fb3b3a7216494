import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What would call out to a vendor's cloud, or nag about it, is off; a user may turn each on again. */
const defaults = {
  'telemetry.telemetryLevel': 'off',
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'workbench.enableExperiments': false,
  'workbench.settings.enableNaturalLanguageSearch': false,
  'npm.fetchOnlinePackageInfo': false,
}

/** Gives a new home the editor's first settings; settings that are there are the user's and stay as they are. */
export async function writeFirstSettings(home: string): Promise<void> {
  const folder = join(home, '.local/share/code-server/User')
  await mkdir(folder, { recursive: true })
  const text = `${JSON.stringify(defaults, undefined, 2)}\n`
  await writeFile(join(folder, 'settings.json'), text, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
}
