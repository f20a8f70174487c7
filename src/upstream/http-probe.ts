// The health check of an HTTP target: one GET on its pool, judged by the status.
import type { Probe } from './health.ts'
import type { HealthSettings } from './settings.ts'
import type { Carrier, FinalHead, Receiver, TargetPool } from './transmission.ts'

/** Bytes of an answer that are read before the connection is given up. */
const MAX_BODY_BYTES = 64 * 1024

export function createHttpProbe(
  { pool }: { readonly pool: TargetPool },
  { path, timeoutMs, status }: HealthSettings,
): Probe {
  const request = {
    method: 'GET',
    path,
    headers: ['User-Agent', 'turnpike-health'],
    body: undefined,
    length: undefined,
    expectsContinue: false,
    upgrade: false,
    idleTimeoutMs: timeoutMs,
  }
  return async () => {
    const answered = await new Promise<number>((resolve, reject) => {
      pool.dispatch(request, new ProbeReceiver(timeoutMs, { resolve, reject }))
    })
    return status ? status.includes(answered) : isSuccess(answered)
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 400
}

interface Settle {
  resolve(status: number): void
  reject(error: unknown): void
}

/** Waits for the end of the body as well: the connection may be used again then. */
class ProbeReceiver implements Receiver {
  readonly #settle: Settle
  readonly #timer: NodeJS.Timeout
  #carrier: Carrier | undefined
  #status = 0
  #bytes = 0
  ended = false

  constructor(timeoutMs: number, settle: Settle) {
    this.#settle = settle
    this.#timer = setTimeout(() => this.#giveUp(new Error('no answer in time')), timeoutMs)
  }

  onStart(carrier: Carrier): void {
    this.#carrier = carrier
  }

  onInterim(): void {}

  onHead({ status }: FinalHead): void {
    this.#status = status
  }

  onSwitch(): void {}

  onData(chunk: Buffer): void {
    this.#bytes += chunk.length
    // What the status says is known.
    if (this.#bytes > MAX_BODY_BYTES) this.#end(() => this.#settle.resolve(this.#status))
    if (this.ended) this.#carrier?.abort(new Error('a body that is too long'))
  }

  onWhole(): void {
    this.#end(() => this.#settle.resolve(this.#status))
  }

  onFailure(error: unknown): void {
    this.#end(() => this.#settle.reject(error))
  }

  #giveUp(error: Error): void {
    this.#end(() => this.#settle.reject(error))
    this.#carrier?.abort(error)
  }

  #end(settle: () => void): void {
    if (this.ended) return
    this.ended = true
    clearTimeout(this.#timer)
    settle()
  }
}
