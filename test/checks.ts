/** Checks of the source itself. */
export const checks: readonly { name: string; command: readonly [string, ...string[]] }[] = [
  { name: 'types', command: ['tsc', '--noEmit'] },
  { name: 'lint', command: ['biome', 'ci', '.'] },
  {
    name: 'arrows',
    command: [
      'depcruise',
      '--config',
      '.dependency-cruiser.json',
      'bundle-spec',
      'kubernetes',
      'web',
      'installer',
      'services',
      'manifests',
      'test',
    ],
  },
]
