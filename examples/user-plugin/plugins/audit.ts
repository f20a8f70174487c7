// Your own plugin `audit`: writes down who did what, and can demand a reason for it.
import { type Clock, GatewayError, type Hooks, type Logger, type Plugin, type PluginContext } from 'turnpike'
import { z } from 'zod'

const settings = z.strictObject({
  topic: z.string().min(1).describe('The heading under which requests are written down.'),
  requireReason: z.boolean().default(false).describe('Refuses requests without the header X-Audit-Reason.'),
})

export type AuditSettings = z.output<typeof settings>

export const audit = {
  name: 'audit',
  // After identity: who it was is known, and what was refused before is not ours to write down.
  stage: 'request',
  summary: 'Writes down who did what.',
  settings,
  create: createAudit,
} satisfies Plugin<AuditSettings>

function createAudit({ topic, requireReason }: AuditSettings, context: PluginContext): Hooks {
  const trail = context.keep('trail', () => new AuditTrail(topic, context))
  const written = context.meter.counter('audit_entries_total', 'Requests written down', { topic })
  return {
    onRequest({ headers }) {
      if (!requireReason || headers.has('x-audit-reason')) return
      throw new GatewayError('BAD_REQUEST', { detail: 'Say why, in the header X-Audit-Reason.' })
    },
    onFinish({ id, consumer, method, path, status, headers }) {
      const reason = headers.get('x-audit-reason')
      trail.add({ id, who: consumer?.id ?? 'anonymous', what: `${method} ${path}`, status, reason })
      written.add()
    },
  }
}

interface AuditEntry {
  readonly id: string
  readonly who: string
  readonly what: string
  readonly status: number
  readonly reason: string | undefined
}

const BATCH_ENTRIES = 100
const BATCH_MS = 1000

/** Entries on their way to the log, in batches. The gateway keeps it over reloads and closes it in the end. */
class AuditTrail {
  readonly #topic: string
  readonly #clock: Clock
  readonly #logger: Logger
  #batch: AuditEntry[] = []
  #timer: { cancel(): void } | undefined

  constructor(topic: string, { clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#topic = topic
    this.#clock = clock
    this.#logger = logger
  }

  add(entry: AuditEntry): void {
    this.#batch.push(entry)
    if (this.#batch.length >= BATCH_ENTRIES) this.#write()
    else this.#timer ??= this.#clock.after(BATCH_MS, () => this.#write())
  }

  close(): void {
    if (this.#batch.length > 0) this.#write()
  }

  #write(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#logger.info({ topic: this.#topic, entries: this.#batch }, 'audit')
    this.#batch = []
  }
}
