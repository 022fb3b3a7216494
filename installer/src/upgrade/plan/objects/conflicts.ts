import type { KubernetesObject } from '@kubernetes/client-node'
import { hasFields, itemName, ownedFields } from './field-owners.ts'
import { fieldPath, isRecord, itemPath, own } from './field-path.ts'
import { planLimits } from './limits.ts'
import type { Conflict } from './object-plan.ts'
import { cut, isSecretField, shownValue } from './shown-value.ts'
import type { Cause } from './status.ts'

/**
 * The conflicts that an API server names in its answer 409, with the value that is there and the one that `wanted`, the
 * object applied by force, has.
 */
export function conflictsIn(causes: readonly Cause[], live: KubernetesObject, wanted?: KubernetesObject): Conflict[] {
  const since = new Map(ownedFields(live).map(({ owner }) => [`${owner.manager}/${owner.subresource ?? ''}`, owner.at]))
  // API servers name them in any order
  const inOrder = [...causes].sort((a, b) => (a.field < b.field ? -1 : 1))
  return inOrder.flatMap(({ reason, message, field }) => {
    const [, manager, subresource] =
      /conflict with "((?:[^"\\]|\\.)*)"(?: with subresource "([^"]*)")?/.exec(message) ?? []
    if (reason !== 'FieldManagerConflict' || manager === undefined) return []
    const is = locate(live, field)
    const wants = wanted === undefined ? undefined : locate(wanted, field)
    const isHidden = is.isSecret || wants?.isSecret || (live.kind === 'Secret' && !field.startsWith('.metadata'))
    const at = since.get(`${manager}/${subresource ?? ''}`)
    return [
      {
        path: cut(is.path, planLimits.path),
        manager,
        ...(subresource ? { subresource } : {}),
        ...(at ? { at } : {}),
        ...(is.value === undefined || isHidden ? {} : { is: shownValue(is.value) }),
        ...(wants?.value === undefined || isHidden ? {} : { wants: shownValue(wants.value) }),
      },
    ]
  })
}

interface Place {
  path: string
  value: unknown
  isSecret: boolean
}

/**
 * Finds the field that an API server means by `.spec.template.spec.containers[name="web"].image` (structured-merge-diff,
 * fieldpath/element.go: names stand there as they are, whatever dots they have).
 */
function locate(object: object, field: string): Place {
  let place: Place = { path: '', value: object, isSecret: false }
  for (let rest = field; rest !== ''; ) {
    const next = rest.startsWith('[') ? entry(place, rest) : named(place, rest.replace(/^\./, ''))
    if (next.rest.length >= rest.length) break
    place = next
    rest = next.rest
  }
  return place
}

/** The longest name that the object has: `app.kubernetes.io/name` before `app`. */
function named({ path, value }: Place, rest: string): Place & { rest: string } {
  const ends = (name: string) => rest.length === name.length || '.['.includes(rest[name.length] as string)
  const names = isRecord(value) ? Object.keys(value).filter((name) => rest.startsWith(name) && ends(name)) : []
  const name = names.sort((a, b) => b.length - a.length)[0] ?? /^[^.[]*/.exec(rest)?.[0] ?? rest
  const found = own(value, name)
  return {
    path: fieldPath(path, name),
    value: found,
    isSecret: isSecretField(name, found, value),
    rest: rest.slice(name.length),
  }
}

function entry({ path, value }: Place, rest: string): Place & { rest: string } {
  const text = /^\[((?:"(?:[^"\\]|\\.)*"|[^\]"])*)\]/.exec(rest)?.[1] ?? rest.slice(1)
  const pairs = [...text.matchAll(/([\w-]+)=("(?:[^"\\]|\\.)*"|[^,]+)/g)]
  const wanted = Object.fromEntries(pairs.map(([, name = '', given = '']) => [name, parsed(given)]))
  const list = Array.isArray(value) ? value : []
  const item = pairs.length === 0 ? undefined : list.find((one) => hasFields(one, wanted))
  const name =
    item === undefined ? pairs.map(([, , given]) => String(parsed(given ?? ''))).join('/') : itemName(list, item)
  return { path: itemPath(path, name || text), value: item, isSecret: false, rest: rest.slice(text.length + 2) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
