// What the generator is told to ask a running contestant for.
import { SMALL_JSON } from '../backend/payloads.ts'
import type { RequestShape } from '../contestants/contestant.ts'
import type { Running } from '../contestants/running.ts'
import type { LoadTarget } from '../load/orders.ts'

export interface TargetOrder {
  readonly connections: number
  readonly shape?: RequestShape
  /** Those of the small JSON unless said otherwise. */
  readonly expectedBodyBytes?: number
}

export function loadTarget({ port, contestant }: Running, order: TargetOrder): LoadTarget {
  const { connections, shape, expectedBodyBytes = SMALL_JSON.length } = order
  const bodyBytes = shape?.bodyBytes
  return {
    port,
    connections,
    requests: contestant.requests(shape),
    ...(bodyBytes === undefined ? {} : { requestBodyBytes: bodyBytes }),
    expectedStatus: 200,
    expectedBodyBytes,
  }
}
