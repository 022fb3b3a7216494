import { isDeepStrictEqual } from 'node:util'
import { nearest } from '../../answers/nearest.ts'
import type { ChartFiles } from '../../install/chart-files.ts'
import { fieldPath, isRecord } from './objects/field-path.ts'
import { planLimits } from './objects/limits.ts'
import { isSecretField, shownValue } from './objects/shown-value.ts'
import { isFree, type Known, known, knownNames, ofChart, typeOf, wants } from './values-known.ts'

/**
 * One of the site's own values that the new chart takes otherwise. `vanished`: it does not know it. `type`: it wants another
 * type, or one of other values. `default`: the default that the site replaces is another one now.
 */
export interface ValueChange {
  /** `manager.resources.limits` */
  path: string
  kind: 'vanished' | 'type' | 'default'
  /** a sentence for people, without secrets */
  says: string
}

/** values of a site that are looked at */
const most = 5000

/**
 * Compares the values that a site sets itself with what the old and the new chart know. Pure. What is wrong with a value
 * beyond its type Helm says when it renders.
 */
export function planValues({
  site,
  oldChart,
  newChart,
}: {
  site: unknown
  oldChart: ChartFiles
  newChart: ChartFiles
}): {
  changes: ValueChange[]
  /** how many are left out */
  more: number
} {
  const changes: ValueChange[] = []
  let looked = 0
  let more = 0
  const tell = (change: ValueChange) => {
    if (changes.length < planLimits.perObject) changes.push(change)
    else more++
  }
  const visit = (value: unknown, at: Place) => {
    const judged = judge(value, at)
    for (const change of judged) tell(change)
    // where the chart has a map of anything, what is in it is the site's own
    if (!isRecord(value) || judged.length > 0 || isFree(at.now)) return
    for (const [name, inner] of Object.entries(value))
      if (++looked > most || at.depth > planLimits.depth) more++
      else visit(inner, below(at, name, value))
  }
  const root = { path: '', name: '', depth: 0, parent: undefined }
  for (const [name, value] of Object.entries(isRecord(site) ? site : {}))
    visit(value, below({ ...root, was: ofChart(oldChart), now: ofChart(newChart) }, name, site))
  return { changes, more }
}

interface Place {
  path: string
  name: string
  depth: number
  parent: unknown
  was: Known
  now: Known
  /** names beside it that the new chart knows */
  siblings?: string[]
}

const below = (at: Place, name: string, parent: unknown): Place => ({
  path: fieldPath(at.path, name),
  name,
  depth: at.depth + 1,
  parent,
  was: known(at.was, name),
  now: known(at.now, name),
  siblings: knownNames(at.now),
})

function judge(value: unknown, { path, name, parent, was, now, siblings = [] }: Place): ValueChange[] {
  if (!now.isKnown) {
    const near = nearest(name, siblings.slice(0, 200))
    return [{ path, kind: 'vanished', says: `${path} is unknown to the new chart${near ? `; it knows ${near}` : ''}` }]
  }
  // null takes a default away
  if (value === null) return []
  const wanted = wants(now)
  if (wanted && !wanted.takes(value))
    return [{ path, kind: 'type', says: `${path} has to be ${wanted.says}, and is ${typeOf(value)}` }]
  const isLeaf = !isRecord(value) || !isRecord(now.value)
  if (!isLeaf || !was.isKnown || isDeepStrictEqual(was.value, now.value)) return []
  const isHidden = [was.value, now.value].some((one) => isSecretField(name, one, parent))
  const values = isHidden ? '' : `: ${shownValue(was.value ?? null)} -> ${shownValue(now.value ?? null)}`
  return [{ path, kind: 'default', says: `the default of ${path}, which the site replaces, has changed${values}` }]
}
