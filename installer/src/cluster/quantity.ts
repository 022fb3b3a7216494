const factors: Record<string, number> = {
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
}

/** A Kubernetes quantity (`100m`, `1.5Gi`) as a number; 0 for what is none. */
export function quantity(text: unknown): number {
  const [, number, suffix = ''] = /^([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(String(text ?? '')) ?? []
  return number === undefined ? 0 : Number(number) * (factors[suffix] ?? 1)
}
