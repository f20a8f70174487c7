// One reload at a time, and none that ends with what the files said before it was asked for.
import { expect, it } from 'vitest'
import type { LoadResult } from '../../src/config/configuration.ts'
import { Reloader } from '../../src/reloader.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { loaded, withRoute } from './config/config-under-test.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

it('asked for again while one runs, it reads the files once more, and all who ask learn what serves then', async () => {
  const [first, second, third] = await Promise.all(
    ['/1', '/2', '/3'].map((path) => loaded(withRoute(`match: ${path}`))),
  )
  const reads: ((result: LoadResult) => void)[] = []
  const swapped: number[] = []
  const reloader = new Reloader(first!, {
    builder: {
      prepare:
        async ({ number }) =>
        () =>
          void swapped.push(number),
    },
    clock: new FakeClock(),
    logger: quiet,
    load: () => new Promise((resolve) => reads.push(resolve)),
    onReload() {},
  })
  const says = (configuration: typeof first) =>
    ({ configuration, faults: [], warnings: [], files: [], render: () => '' }) as unknown as LoadResult
  const asked = [reloader.reload(), reloader.reload(), reloader.reload()]
  reads[0]!(says(second))
  await expect.poll(() => reads.length).toBe(2)
  reads[1]!(says(third))
  for (const outcome of await Promise.all(asked)) {
    expect(outcome).toMatchObject({ result: 'applied', message: 'generation 3 serves' })
  }
  expect(swapped).toEqual([2, 3])
  expect(reads).toHaveLength(2)
  expect(reloader.serving.configuration).toBe(third)
})
