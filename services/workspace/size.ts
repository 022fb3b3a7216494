/** Size of a terminal in characters. */
export interface Size {
  cols: number
  rows: number
}

const largest: Size = { cols: 1000, rows: 500 }

/** Takes a size that a client sent; undefined unless both are whole numbers within 1 and 1000 by 500. */
export function parseSize(cols: unknown, rows: unknown): Size | undefined {
  const within = (value: unknown, most: number): value is number =>
    typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most
  return within(cols, largest.cols) && within(rows, largest.rows) ? { cols, rows } : undefined
}
