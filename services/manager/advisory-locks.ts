/**
 * Advisory locks of the manager in PostgreSQL. Any two numbers that differ would do; they stay what they are, since replicas of
 * two releases meet at them.
 */
export const advisoryLocks = {
  migrations: 735_401,
  firstAdmin: 735_402,
  reconcile: 735_403,
  admins: 735_404,
  releaseImage: 735_405,
  identities: 735_406,
  releases: 735_407,
} as const
