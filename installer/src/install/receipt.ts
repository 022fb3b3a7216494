/** What was installed, where, from what. Holds no secret. */
export interface Receipt {
  apiVersion: 'sealift.dev/v1'
  kind: 'Receipt'
  release: { name: string; version: string; digest: string }
  /** `size` is that of the bundle file in bytes; `from` the release in a registry, with its digest: one of the two is there */
  bundle: { index: string; signedBy: string; size?: number; from?: string }
  chart: string
  images: { name: string; digest: string }[]
  site: { server: string; namespace: string; host: string; registry: string; mode: string; helmRevision: number }
  /** ids of the checks whose failure was accepted knowingly */
  accepted: string[]
  /** RFC 3339 */
  installed: string
  /** milliseconds by stage */
  times: Record<string, number>
}

/** Name of the ConfigMap, and of the file in the state directory with `.json`. */
export const receiptName = 'sealift-receipt'
