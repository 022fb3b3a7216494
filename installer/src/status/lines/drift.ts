import { platformRelease } from '../../cluster/helm.ts'
import { type LiveDifference, liveDifferences } from '../../upgrade/plan/objects/live-differences.ts'
import { driftText } from '../../upgrade/plan/objects/plan-text.ts'
import type { StatusContext } from '../context.ts'
import { passed, type StatusLine, unknown, warned } from '../line.ts'

const subject = { id: 'drift', title: 'Changed by hand' }

/** changes that a screen shows, of all objects and of one */
const shown = { all: 6, ofOne: 3 }

/** What the cluster has otherwise than the installed release: by a dry run of each of its objects. */
export async function driftLines({ cluster, namespace, release }: StatusContext): Promise<StatusLine[]> {
  const helm = await release()
  // what is under way differs; another line says so
  if (helm?.status !== 'deployed') return []
  const { manifest } = helm
  if (manifest === '') return [unknown(subject, 'Helm’s record of the release cannot be read')]
  const found = await liveDifferences({ cluster, release: platformRelease(namespace), manifest })
  const lines = found.flatMap(linesOf)
  if (lines.length === 0) return [passed(subject, 'nothing: every object is as the release has it')]
  const more = lines.length > shown.all ? [`and ${lines.length - shown.all} more`] : []
  return [
    warned(subject, {
      found: [...lines.slice(0, shown.all), ...more].join('\n'),
      fix: 'undo what is not to stay; an upgrade stops at fields of others: put what is to stay into the answer values for it, or let it take all back: sealift upgrade BUNDLE --take-over',
    }),
  ]
}

function linesOf({ kind, name, missing, refused, fields, leftovers }: LiveDifference): string[] {
  if (missing) return [`${kind} ${name} is missing`]
  // admission that acts on what it sees cannot be asked for a trial
  if (refused)
    return /does not support dry.?run/i.test(refused) ? [] : [`${kind} ${name} cannot be as it was: ${refused}`]
  const all = [...fields.map(driftText), ...leftovers.map((path) => `${path} is new`)]
  const more = all.length > shown.ofOne ? `; and ${all.length - shown.ofOne} more` : ''
  return [`${kind} ${name}: ${all.slice(0, shown.ofOne).join('; ')}${more}`]
}
