/** Advisory locks of the manager in PostgreSQL; any two numbers that differ would do. */
export const advisoryLocks = {
  migrations: 735_401,
  firstAdmin: 735_402,
  reconcile: 735_403,
  admins: 735_404,
  releaseImage: 735_405,
  identities: 735_406,
} as const
