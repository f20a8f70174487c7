// A fault that nobody hits by chance, three bytes one after the other: proof that the fuzzer follows coverage.
import type { FuzzTarget } from '../fuzzer.ts'

export const planted: FuzzTarget = {
  name: 'planted',
  maxBytes: 16,
  runsInCi: 400_000,
  dictionary: [],
  run(input) {
    if (input[0] !== 0x42) return
    if (input[1] !== 0x55) return
    if (input[2] !== 0x47) return
    throw new Error('the planted fault')
  },
}
