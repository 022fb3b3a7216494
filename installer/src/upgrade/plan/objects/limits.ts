/** How much of a plan is worked out and kept, whatever charts and clusters hold. Characters unless the name says otherwise. */
export const planLimits = {
  /** objects of one manifest that are looked at; the others are counted */
  objects: 5000,
  /** requests at once: each may go through several webhooks */
  lanes: 8,
  /** changes, conflicts or drifts of one object; the others are counted */
  perObject: 200,
  /** the text of all changes of a plan together */
  text: 4 * 1024 * 1024,
  /** one value */
  value: 2000,
  /** the path of a field */
  path: 400,
  /** nesting to which objects are compared field by field; what is below is compared as one value */
  depth: 40,
  /** fields of one object whose owners are read, and entries of lists that are looked at to find them */
  owned: 10_000,
  entries: 2_000_000,
  /** what an API server says of a refusal */
  refusal: 500,
} as const
