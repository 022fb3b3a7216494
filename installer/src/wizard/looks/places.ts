import type { Look } from '../view.ts'
import { bundleLookout } from './bundle.ts'
import { certificateLookout } from './certificate.ts'
import { clusterLookout } from './cluster.ts'
import { databaseLookout } from './database.ts'
import { licenseLookout } from './license.ts'
import type { Lookout } from './look.ts'
import { namesLookout } from './names.ts'
import { registryLookout } from './registry.ts'

/** All that can be looked at on the spot. */
export const places: Readonly<Record<Look, Lookout>> = {
  bundle: bundleLookout,
  license: licenseLookout,
  cluster: clusterLookout,
  registry: registryLookout,
  certificate: certificateLookout,
  names: namesLookout,
  database: databaseLookout,
}
