import type { InstallResult } from '../../install/install.ts'
import { passwordCommand } from '../../wizard/first-login.ts'

/** Says where the platform is and how to get in. */
export function announceResult(result: InstallResult, json: boolean): void {
  const { name, ...document } = result
  if (json) console.log(JSON.stringify({ type: 'result', ...document }))
  else {
    console.log(`${name} ${result.version} is installed: ${result.url}`)
    console.log(`first user: admin; password: ${passwordCommand(result)}`)
  }
}
