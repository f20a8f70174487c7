// What the backends answer, and under which path.

/** The small answer of most scenarios. */
export const SMALL_JSON = '{"id":"4711","item":"turnpike","state":"open"}'

export const MEGABYTE = 1_000_000

/** Files that the backend serves. */
export const FILE_BYTES = {
  '/100b': 100,
  '/10kb': 10_000,
  '/1mb': MEGABYTE,
  /** Sparse on disk. */
  '/1gb': 1000 * MEGABYTE,
} as const
