/** An image of the platform. */
interface Image {
  name: string
  /** the image it is built on */
  from?: string
  /** the release delivers it */
  carried: boolean
  /** the folder of its Dockerfile; default: its name */
  folder?: string
  /** build arguments beside BASE */
  args?: Readonly<Record<string, string>>
}

/**
 * The images of the platform, each after the one it is built on. Those of an older PostgreSQL are for tests of upgrades: built
 * when one asks for them, on the Debian that has it.
 */
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
  { name: 'rootfs-bookworm', folder: 'rootfs', carried: false },
  { name: 'base-bookworm', from: 'rootfs-bookworm', folder: 'base', carried: false },
  { name: 'postgres-15', from: 'base-bookworm', folder: 'postgres', args: { MAJOR: '15' }, carried: false },
] as const satisfies readonly Image[]

export type ImageName = (typeof catalog)[number]['name']

export const imageNamed = (name: ImageName): Image & { name: ImageName } =>
  catalog.find((image) => image.name === name) as (typeof catalog)[number]

/** The wanted images and all that they are built on, in the order of building. */
export function withParents(wanted: readonly ImageName[]): (typeof catalog)[number][] {
  const needed = new Set<string>(wanted)
  for (const image of catalog.toReversed()) if (needed.has(image.name) && 'from' in image) needed.add(image.from)
  return catalog.filter((image) => needed.has(image.name))
}
