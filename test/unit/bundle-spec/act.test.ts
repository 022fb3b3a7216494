import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Act, type Mode, modeOf, type Pull } from '@sealift/bundle-spec/act.ts'
import { assertLicensed } from '@sealift/bundle-spec/license.ts'
import { code } from '../../fixtures/code.ts'
import { claims } from '../../fixtures/release.ts'

const vendors = 'registry.vendor.example/cde/manager'
const published: Pull[] = [{ from: vendors, published: vendors }]
const carried: Pull[] = [
  ...published,
  { from: '10.0.0.5:5000/cde/workspace', published: 'registry.vendor.example/cde/workspace' },
]

const install =
  (registry: 'serve' | 'seed' | 'existing', pulls: Pull[], isPrivate = false) =>
  (mode: Mode): Act => ({
    act: 'install',
    mode,
    registry,
    isPrivate,
    pulls,
  })
const run =
  (pulls: Pull[]) =>
  (mode: Mode): Act => ({ act: 'run', mode, pulls })

/** What is done, and whether it can be connected at all. */
const acts: [string, (mode: Mode) => Act, 'always air-gapped' | 'as the mode says'][] = [
  ['build', () => ({ act: 'build' }), 'always air-gapped'],
  ['serve', () => ({ act: 'serve' }), 'always air-gapped'],
  ['seed', () => ({ act: 'seed' }), 'always air-gapped'],
  ['install from a served bundle', install('serve', carried), 'always air-gapped'],
  ['install, seeding', install('seed', carried), 'always air-gapped'],
  ['install from a registry that was seeded', install('existing', carried), 'always air-gapped'],
  ['install from a served bundle at the name of the vendor', install('serve', published), 'always air-gapped'],
  ['install, seeding a registry at the name of the vendor', install('seed', published), 'always air-gapped'],
  [
    'install from a registry with the name of the vendor and a CA of the site',
    install('existing', published, true),
    'always air-gapped',
  ],
  ['install a release without images', install('existing', []), 'always air-gapped'],
  ['install from where it is published', install('existing', published), 'as the mode says'],
  ['run what came from a registry of the site', run(carried), 'always air-gapped'],
  ['run what came from nowhere known', run([{ from: vendors, published: '' }]), 'always air-gapped'],
  ['run what nobody says anything of', run([{ from: '', published: '' }]), 'always air-gapped'],
  ['run nothing', run([]), 'always air-gapped'],
  ['run what came from where it is published', run(published), 'as the mode says'],
]

const features = (airgap: boolean) => ({ airgap, seats: 5 })
const tiers = [
  ['free', claims({ tier: 'free', features: features(false) }), false],
  ['free that says airgap', claims({ tier: 'free', features: features(true) }), false],
  ['trial', claims({ tier: 'trial', features: features(true) }), true],
  ['enterprise', claims({ features: features(true) }), true],
  ['enterprise without airgap', claims({ features: features(false) }), false],
] as const

for (const [what, act, expected] of acts)
  test(`${what}: ${expected}, in each mode and tier`, () => {
    for (const mode of ['airgapped', 'restricted', 'connected'] as const) {
      const isAirgapped = expected === 'always air-gapped' || mode === 'airgapped'
      const one = act(mode)
      if ('mode' in one) assert.equal(modeOf(one), isAirgapped ? 'airgapped' : mode)
      for (const [tier, license, mayAirgap] of tiers) {
        const check = () => assertLicensed(license, one)
        if (isAirgapped && !mayAirgap) assert.throws(check, code('LICENSE_AIRGAP'), `${mode}, ${tier}`)
        else assert.doesNotThrow(check, `${mode}, ${tier}`)
      }
    }
  })
