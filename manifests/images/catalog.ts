/** The images of the platform, each after the one it is built on. `carried`: the release delivers it. */
export const catalog = [
  { name: 'rootfs', carried: false },
  { name: 'base', from: 'rootfs', carried: false },
  { name: 'runtime', from: 'base', carried: false },
  { name: 'postgres', from: 'base', carried: true },
  { name: 'manager', from: 'runtime', carried: true },
  { name: 'envproxy', from: 'runtime', carried: true },
  { name: 'dashboard', from: 'runtime', carried: true },
  { name: 'nginx', from: 'runtime', carried: false },
  { name: 'ingress', from: 'nginx', carried: true },
  { name: 'tools', from: 'runtime', carried: false },
  { name: 'editor', from: 'tools', carried: false },
  { name: 'workspace', from: 'editor', carried: true },
] as const satisfies readonly { name: string; from?: string; carried: boolean }[]

export type ImageName = (typeof catalog)[number]['name']

/** The wanted images and all that they are built on, in the order of building. */
export function withParents(wanted: readonly ImageName[]): (typeof catalog)[number][] {
  const needed = new Set<string>(wanted)
  for (const image of catalog.toReversed()) if (needed.has(image.name) && 'from' in image) needed.add(image.from)
  return catalog.filter((image) => needed.has(image.name))
}
