/** A semantic version as one number, such that a later release has a larger one; 0 for what is none. */
export function releaseOrder(version: string | undefined): number {
  const parts = /^(\d+)\.(\d+)\.(\d+)/.exec(version ?? '')
  if (parts === null) return 0
  const [major, minor, patch] = parts.slice(1).map((part) => Math.min(Number(part), 999)) as [number, number, number]
  return (major * 1000 + minor) * 1000 + patch
}
