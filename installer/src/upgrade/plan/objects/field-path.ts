/** The path of a field of an object: `spec.replicas`, `metadata.labels[app.kubernetes.io/name]`. */
export function fieldPath(path: string, name: string): string {
  if (!/^[A-Za-z_][\w-]*$/.test(name)) return itemPath(path, name)
  return path === '' ? name : `${path}.${name}`
}

/** The path of an entry of a list by its key: `containers[manager]`. */
export const itemPath = (path: string, key: string): string => `${path}[${key}]`

/** Fields by which entries of lists are told apart, in this order (Kubernetes API, `x-kubernetes-list-map-keys`). */
const keys = ['name', 'mountPath', 'devicePath', 'containerPort', 'port', 'key', 'host', 'ip', 'type', 'uid']
const keyFields = [
  ...keys.map((key) => (item: unknown) => own(item, key)),
  // claims of a StatefulSet
  (item: unknown) => own(own(item, 'metadata'), 'name'),
]

/** What names the entries of all these lists, each once; undefined where nothing does. */
export function itemKey(...lists: readonly (readonly unknown[])[]): ((item: unknown) => string) | undefined {
  const found = keyFields.find((key) =>
    lists.every((list) => {
      const values = list.map(key)
      return values.every(isName) && new Set(values.map(String)).size === values.length
    }),
  )
  return found && ((item) => String(found(item)))
}

const isName = (value: unknown): boolean => (typeof value === 'string' && value !== '') || typeof value === 'number'

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The field of an object's own, never one that every object inherits. */
export const own = (value: unknown, name: string): unknown =>
  isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined
