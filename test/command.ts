import { spawn } from 'node:child_process'

export interface Count {
  passed: number
  failed: number
  skipped: number
}

/** Runs a command with its output shown; whether it exited with 0. */
export function runCommand([program, ...args]: readonly [string, ...string[]]): Promise<boolean> {
  console.log(`\n── ${program} ${args.join(' ')}`)
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'inherit' })
    child.on('error', (error) => {
      console.error(error.message)
      resolve(false)
    })
    child.on('close', (code) => resolve(code === 0))
  })
}
