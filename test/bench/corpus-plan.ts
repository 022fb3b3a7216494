/** Layers of an image by name; two images that name the same layer share it. Sizes in MB (10^6 bytes). */
export interface CorpusPlan {
  layers: Readonly<Record<string, number>>
  images: Readonly<Record<string, readonly string[]>>
  /** timed runs where none are asked for */
  runs: number
}

/** Made content, incompressible, the same on every machine. */
export const plans = {
  /** 349 MB in 10 layers over 5 images, one of 44 MB in three of them: 437 MB where it is not shared */
  small: {
    layers: { base: 44, a: 20, b1: 30, b2: 5, c: 60, d1: 70, d2: 10, e1: 90, e2: 15, e3: 5 },
    images: { a: ['base', 'a'], b: ['base', 'b1', 'b2'], c: ['base', 'c'], d: ['d1', 'd2'], e: ['e1', 'e2', 'e3'] },
    runs: 5,
  },
  /** 1 GB over 8 images: 120 MB in five of them, a second shared layer in two of these, one layer of 300 MB */
  '1g': {
    layers: {
      ...{ base: 120, runtime: 80, a: 30, b: 20, c: 60, d1: 40, d2: 10, e: 90 },
      ...{ f: 300, g1: 150, g2: 25, h1: 60, h2: 15 },
    },
    images: {
      ...{ a: ['base', 'runtime', 'a'], b: ['base', 'runtime', 'b'], c: ['base', 'c'], d: ['base', 'd1', 'd2'] },
      ...{ e: ['base', 'e'], f: ['f'], g: ['g1', 'g2'], h: ['h1', 'h2'] },
    },
    runs: 3,
  },
  /** 8 GB over 12 images: 500 MB in six of them, one layer of 2 GB */
  '8g': {
    layers: {
      ...{ base: 500, a: 100, b: 250, c: 400, d: 150, e: 600, f: 300 },
      ...{ g: 2000, h: 1200, i1: 800, i2: 50, j: 900, k: 500, l: 250 },
    },
    images: {
      ...{ a: ['base', 'a'], b: ['base', 'b'], c: ['base', 'c'], d: ['base', 'd'], e: ['base', 'e'] },
      ...{ f: ['base', 'f'], g: ['g'], h: ['h'], i: ['i1', 'i2'], j: ['j'], k: ['k'], l: ['l'] },
    },
    runs: 1,
  },
} as const satisfies Record<string, CorpusPlan>
