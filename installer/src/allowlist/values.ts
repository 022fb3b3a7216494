type Values = Readonly<Record<string, unknown>>

const isValues = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The value of a chart at `oidc.issuer`; undefined where there is none. */
export function valueAt(values: Values, path: string): unknown {
  let at: unknown = values
  for (const key of path.split('.')) {
    if (!isValues(at) || !Object.hasOwn(at, key)) return undefined
    at = at[key]
  }
  return at ?? undefined
}

/** A chart's own values under those of a site, as Helm puts them together: maps are merged, null takes a default away. */
export function overDefaults(defaults: unknown, site: Values): Values {
  const result: Record<string, unknown> = { ...(isValues(defaults) ? defaults : {}) }
  for (const [key, value] of Object.entries(site))
    if (value === null) delete result[key]
    else result[key] = isValues(value) && isValues(result[key]) ? overDefaults(result[key], value) : value
  return result
}
