import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { bytes } from '../../amounts.ts'
import { version } from '../../version.ts'
import { defineCommand } from '../command.ts'
import { parseDuration } from '../duration.ts'
import { jsonLine, safe } from '../format.ts'
import { json } from '../options.ts'
import { progressOn } from '../progress.ts'
import { interruption } from '../signals.ts'
import { site } from '../site-options.ts'
import { parseSize } from '../size.ts'

export const diagnose = defineCommand({
  command: 'diagnose',
  describe: "write one archive for the vendor's support, without secrets and personal data",
  builder: (yargs) =>
    yargs
      .options({
        ...site,
        state: {
          type: 'string',
          requiresArg: true,
          describe: 'directory for journal and receipt (default: in ~/.local/state/sealift)',
        },
        out: {
          type: 'string',
          requiresArg: true,
          describe: 'the archive; never overwritten (default: sealift-diagnose-<namespace>-<time>.tar.gz here)',
        },
        since: { type: 'string', requiresArg: true, describe: 'only log lines not older than this: 30m, 12h, 7d' },
        'max-size': { type: 'string', default: '50MB', requiresArg: true, describe: 'size that the archive may have' },
        json,
      })
      .example('$0 diagnose --answers answers.yaml', 'also while the cluster is down')
      .example('$0 diagnose --namespace cde --since 12h --max-size 10MB', 'small enough for mail')
      .epilogue(
        'docs/diagnose.md says what is in it and what is taken out; read summary.txt in it before you send it.',
      ),
  handler: async ({ json, maxSize, since, out, answers, kubeconfig, context, namespace, state }) => {
    const { diagnose: run } = await import('../../diagnose/diagnose.ts')
    const { bounds } = await import('../../diagnose/bounds.ts')
    const size = parseSize(maxSize, '--max-size')
    if (size < bounds.leastArchive)
      throw new SealiftError('USAGE_ARGUMENTS', `--max-size ${maxSize} is too small for a diagnosis`, {
        fix: `--max-size ${bounds.leastArchive / 1e6}MB`,
      })
    const progress = progressOn(process.stderr, json)
    try {
      const made = await run({
        answers,
        kubeconfig,
        context,
        namespace,
        state,
        out,
        since: since === undefined ? undefined : parseDuration(since, '--since'),
        maxSize: size,
        version,
        signal: interruption(),
        onStep: (title) => progress.step(title),
      })
      progress.end()
      const { summary, ...archive } = made
      if (json) {
        console.log(jsonLine({ ...archive, ...summary, files: undefined }))
        return
      }
      const { problems, missing, cluster } = summary
      console.log(
        [
          `${safe(made.file)}: ${bytes(made.bytes)}, sha256 ${made.sha256}`,
          ...(cluster.reached ? [] : ['the cluster was not reached: the archive holds what this machine knows']),
          ...problems.slice(0, 10).map((line) => `  ${safe(line.slice(0, 300))}`),
          ...(missing.length > 0 ? [`${missing.length} parts are not in it; summary.txt says why`] : []),
          `read it before you send it: tar -xzf ${safe(made.file)}`,
        ].join('\n'),
      )
    } finally {
      progress.end()
    }
  },
})
