import type { InstallEvent } from '../install/events.ts'

/** What an upgrade tells: a step begins, and all that its stages say. */
export type UpgradeEvent = InstallEvent | { type: 'step'; number: number; of: number; from: string; to: string }

export type UpgradeEmit = (event: UpgradeEvent) => void
