import { listed } from '../../../checks/listed.ts'
import { printable } from '../../../printable.ts'
import type { Action, Change, Conflict, Drift, ObjectPlan, PlannedObject } from './object-plan.ts'

/** Lines and characters that people are shown; `--json` has the whole. */
const shown = { objects: 200, lines: 6, value: 60, context: 12, remark: 300 }

const words: Record<Action, [sign: string, what: string]> = {
  add: ['+', 'is added'],
  change: ['~', 'changes'],
  anew: ['±', 'is made anew'],
  remove: ['-', 'is removed'],
  keep: ['=', 'stays, though the chart no longer has it (resource policy keep)'],
  none: [' ', 'does not change'],
  blocked: ['!', 'stops the upgrade'],
}

/** What an upgrade does to the objects of a cluster, in lines for people: one for each object, what it means indented below. */
export function planObjectsText({ objects, hooks, counts, left }: ObjectPlan): string[] {
  const told = objects.filter((object) => !isRelabeled(object))
  const lines = told.slice(0, shown.objects).flatMap(linesOf)
  const more = told.length - shown.objects
  if (more > 0) lines.push(`… and ${more} more objects; --json tells all`)
  const relabeled = objects.length - told.length
  if (relabeled > 0) lines.push(`~ ${relabeled} objects get nothing but the labels of the new version`)
  for (const { kind, name, events } of hooks.slice(0, shown.objects))
    lines.push(`> ${printable(`${kind} ${name}`)} runs (${listed(events)})`)
  const { none, ...others } = counts
  const said = Object.entries(others).flatMap(([action, count]) => (count > 0 ? [`${count} ${inTotal[action]}`] : []))
  lines.push([...said, `${none} unchanged`, ...(left > 0 ? [`${left} not looked at`] : [])].join(', '))
  return lines
}

/** Labels that say the version of a chart, and change with each on everything (Helm, "Labels and Annotations"). */
const isVersionLabel = ({ path }: Change): boolean =>
  path === 'metadata.labels[helm.sh/chart]' || path === 'metadata.labels[app.kubernetes.io/version]'

const isRelabeled = ({ action, changes, remarks, conflicts, drift, more = 0 }: PlannedObject): boolean =>
  action === 'change' && changes.every(isVersionLabel) && remarks.length + conflicts.length + drift.length + more === 0

const inTotal: Record<string, string> = {
  add: 'added',
  change: 'changed',
  anew: 'made anew',
  remove: 'removed',
  keep: 'kept',
  blocked: 'in the way',
}

function linesOf(object: PlannedObject): string[] {
  const { action, kind, namespace, name, immutable, remarks, changes, conflicts, drift, deleted, more = 0 } = object
  const [sign, what] = words[action]
  const where = namespace === undefined ? ' (of the whole cluster)' : ''
  const why = immutable.length > 0 ? `, since ${listed(immutable, 3)} cannot be changed` : ''
  const disputed = new Set(conflicts.map(({ path }) => path))
  const isClear = ({ path }: { path: string }) => !disputed.has(path)
  const below = [
    ...remarks,
    ...(deleted ? ['somebody deleted it since it was installed'] : []),
    ...conflicts.map(conflictLine),
    ...drift.filter(isClear).map((one) => `changed since: ${driftText(one)}`),
    ...changes.filter((change) => isClear(change) && !isVersionLabel(change)).map(changeLine),
  ]
  const rest = Math.max(0, below.length - shown.lines) + more
  return [
    `${sign} ${printable(`${kind} ${name}${where}`)} ${what}${printable(why) && `, ${printable(why).slice(2)}`}`,
    ...below.slice(0, shown.lines).map((line) => `    ${printable(line).slice(0, shown.remark)}`),
    ...(rest > 0 ? [`    … and ${rest} more`] : []),
  ]
}

function changeLine({ path, from, to, hidden }: Change): string {
  return hidden ? `${path} changes (not shown)` : `${path}: ${fromTo(from, to)}`
}

const conflictLine = ({ path, manager, subresource, at, is, wants }: Conflict): string =>
  `conflict: ${path}${is === undefined && wants === undefined ? '' : `: ${fromTo(is, wants)}`}, but ${by(manager, subresource)} set it${since(at)}`

/** `spec.replicas: 1 -> 2, by kubectl (scale) at …` */
export function driftText({ path, was, is, hidden, manager, at }: Drift): string {
  const value = hidden ? '(not shown)' : fromTo(was, is)
  return `${path}: ${value}${manager === undefined ? '' : `, by ${manager}${since(at)}`}`
}

const by = (manager: string, subresource: string | undefined) => `${manager}${subresource ? ` (${subresource})` : ''}`
const since = (at: string | undefined) =>
  at === undefined ? '' : ` at ${at.replace('T', ' ').replace(/:\d\dZ$/, ' UTC')}`

/** Both values, without most of what long ones begin and end with in common. */
function fromTo(from: string | undefined, to: string | undefined): string {
  if (from === undefined) return `${quoted(short(to ?? ''))} is new`
  if (to === undefined) return `${quoted(short(from))} goes`
  let start = 0
  while (start < Math.min(from.length, to.length) && from[start] === to[start]) start++
  const isLong = Math.max(from.length, to.length) > shown.value
  const skip = isLong ? Math.max(0, start - shown.context) : 0
  const [a, b] = [from, to].map((text) => quoted(short(`${skip > 0 ? '…' : ''}${text.slice(skip)}`)))
  return `${a} -> ${b}`
}

const short = (text: string): string => (text.length <= shown.value ? text : `${text.slice(0, shown.value - 1)}…`)
const quoted = (text: string): string => (text === '' || /^\s|\s$|\n/.test(text) ? JSON.stringify(text) : text)
