/**
 * The last migration of the first release. A database begins with all of them up to here; each later one meets a platform
 * that runs, and has to be what its class says.
 */
export const firstRelease = '012_ssh_keys_by_user.sql'
