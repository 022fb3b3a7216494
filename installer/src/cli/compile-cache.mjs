// Keeps compiled code between runs (node:module, "Module compile cache"). It is code that runs, so it is kept in a
// directory of this user only, never in /tmp, where another user could have put it.
import { statSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

const home = homedir()
if (statSync(home, { throwIfNoEntry: false })?.uid === process.getuid?.()) {
  const directory = join(process.env.SEALIFT_CACHE ?? join(home, '.cache', 'sealift'), 'compile')
  enableCompileCache(directory)
  // threads read it when they start
  process.env.NODE_COMPILE_CACHE ??= directory
}
