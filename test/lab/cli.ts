import { spawn } from 'node:child_process'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { checkSite } from './check.ts'
import { down, status, up } from './lab.ts'
import { labState } from './state.ts'
import { helmBinary, kubectlBinary } from './tools.ts'

const usage = `npm run lab -- COMMAND [--name NAME]
  up               bring the site up; a healthy one is used as it is
  status           what runs of it
  check            prove what the site promises (name service, load balancer, storage, no way out)
  down             take it away, also after a crash
  kubectl ARGS…    kubectl as the site's administrator
  helm ARGS…       helm as the site's administrator`

async function main(args: string[]): Promise<number> {
  const name = takeName(args)
  const [command, ...rest] = args
  const options = name === undefined ? {} : { name }
  switch (command) {
    case 'up':
      await up({ ...options, log: console.log })
      return 0
    case 'check':
      await checkSite(await up(options), console.log)
      return 0
    case 'down':
      console.log((await down(options)) ? 'the lab is gone' : 'there was no lab')
      return 0
    case 'status':
      return await show(options)
    case 'kubectl':
      return await pass(await kubectlBinary(), rest, name)
    case 'helm':
      return await pass(await helmBinary(), rest, name)
    default:
      console.error(usage)
      return 2
  }
}

/** Takes a leading `--name NAME` out of the arguments; what follows kubectl belongs to kubectl. */
function takeName(args: string[]): string | undefined {
  const index = args.indexOf('--name')
  if (index === -1 || index > 1) return undefined
  return args.splice(index, 2)[1]
}

async function show(options: { name?: string }): Promise<number> {
  const { state, components, lab } = await status(options)
  console.log(`lab: ${state}`)
  for (const { name, pid, running } of components) console.log(`  ${running ? 'runs ' : 'ended'} ${name} (${pid})`)
  if (lab !== undefined)
    console.log(`  bastion ${lab.bastionAddress}, node ${lab.nodeAddress}\n  KUBECONFIG=${lab.kubeconfig}`)
  return state === 'broken' ? 1 : 0
}

function pass(program: string, args: string[], name: string | undefined): Promise<number> {
  const child = spawn(program, args, {
    stdio: 'inherit',
    env: { ...process.env, KUBECONFIG: labState(name).kubeconfig },
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof SealiftError)) throw error
  console.error([error.message, error.why, error.fix && `try: ${error.fix}`].filter(Boolean).join('\n'))
  process.exitCode = error.exitCode
}
