// Runs before `npm test` and `npm run demo` on whatever Node the machine has: installs the locked dependencies (the Node
// that runs the project among them) where they are missing or older than the lockfile.
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'

const time = (path) => statSync(new URL(`../${path}`, import.meta.url), { throwIfNoEntry: false })?.mtimeMs ?? 0

if (time('node_modules/.package-lock.json') < time('package-lock.json') || !time('node_modules/.bin/node')) {
  console.error('installing dependencies: npm ci')
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { stdio: 'inherit', cwd: new URL('..', import.meta.url) })
}
