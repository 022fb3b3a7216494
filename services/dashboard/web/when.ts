/** The day of a time, as 2026-01-31. */
export const day = (time: string): string => time.slice(0, 10)

/** The minute of a time in UTC, as 2026-01-31 12:00. */
export const minute = (time: string): string => time.slice(0, 16).replace('T', ' ')
