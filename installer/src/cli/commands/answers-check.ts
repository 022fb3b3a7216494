import path from 'node:path'
import { defineCommand } from '../command.ts'
import { jsonLine, safe } from '../format.ts'
import { json } from '../options.ts'
import { interruption } from '../signals.ts'

export const answersCheck = defineCommand({
  command: 'check <file>',
  describe: 'say all that is wrong with an answers file, without network or cluster',
  builder: (yargs) =>
    yargs
      .positional('file', { type: 'string', demandOption: true, describe: 'answers file' })
      .options({
        bundle: { type: 'boolean', default: false, describe: 'prove every byte of the bundle too, which takes longer' },
        json,
      })
      .example('$0 answers check answers.yaml', 'every fault with its line; exit code 2 where there is one')
      .epilogue(
        'Looks at the answers and the files that they name: keys, bundle, license, certificate and CAs, kubeconfig. What the cluster and the registry say, the preflight tells.',
      ),
  handler: async ({ file, bundle: whole, json }) => {
    const { readDraft, said, textOf } = await import('../../answers/read.ts')
    const { checkOffline } = await import('../../checks/offline/offline.ts')
    const { draft, faults, lineOf } = readDraft(textOf(file), path.resolve(file))
    const { findings, release } = await checkOffline(draft, faults, { whole, signal: interruption() })
    const errors = findings.filter(({ level }) => level === 'error').length
    if (errors > 0) process.exitCode = 2
    const found = findings
      .map((finding) => ({ line: lineOf(finding.pointer), ...finding }))
      .sort((a, b) => a.line - b.line)
    if (json) {
      const { name, version } = release ?? {}
      console.log(
        jsonLine({ file, good: errors === 0, ...(release && { release: { name, version } }), findings: found }),
      )
      return
    }
    for (const finding of found) {
      console.log(safe(`${file}:${finding.line}: ${finding.level}: ${said(finding)}`))
      if (finding.fix !== undefined) console.log(`  try: ${safe(finding.fix)}`)
    }
    const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`
    const warnings = found.length - errors
    if (errors > 0) console.log(`${count(errors, 'error')}, ${count(warnings, 'warning')} in ${safe(file)}`)
    else
      console.log(
        `${safe(file)} can be installed from, as far as this machine alone can tell${warnings > 0 ? `; ${count(warnings, 'warning')}` : ''}`,
      )
  },
})
