// The settings of `headers`: names and values are judged at load, so that none can break a message later.
import { z } from 'zod'
import { isFieldName, isFieldValue, isHopByHop } from '../../src/plugin.ts'

// RFC 9110 section 10.1.1, RFC 9112 section 6: these frame the message, as the hop-by-hop ones belong to a connection.
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'expect'])

const value = z
  .string({ error: 'a header value is text: put it in quotes' })
  .refine((text) => isFieldValue(text) && text.trim() === text, {
    error: 'a header value is visible ASCII on one line, without spaces around it',
  })

const set = z.record(z.string(), value).superRefine(refuseNames)
const add = z.record(z.string(), z.union([value, z.array(value).min(1)])).superRefine(refuseNames)

const name = z.string().superRefine((text, context) => {
  const fault = nameFault(text)
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
})

const changes = z
  .strictObject({
    remove: z.array(name).optional().describe('Fields to take away, first.'),
    set: set.optional().describe('Fields to replace, or to add where they are missing.'),
    add: add.optional().describe('Fields to add beside those of the same name.'),
  })
  .superRefine(refuseContradictions)

export const settings = z
  .strictObject({
    request: changes.optional().describe('Changes to what the service gets.'),
    response: changes
      .optional()
      .describe('Changes to what the client gets, also when a stage behind the edge refuses.'),
  })
  .refine(({ request, response }) => request !== undefined || response !== undefined, {
    error: 'say at least one of request, response',
  })

export type HeaderChanges = z.output<typeof changes>
export type HeadersSettings = z.output<typeof settings>

function nameFault(text: string): string | undefined {
  const lower = text.toLowerCase()
  if (!isFieldName(text)) return `${JSON.stringify(text)} is not a header name`
  if (lower === 'host') return 'the host is part of the target: use rewrite: { host: ... }'
  return FRAMING.has(lower) || isHopByHop(lower)
    ? `${text} belongs to the connection or frames the message: it cannot be changed`
    : undefined
}

function refuseNames(fields: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void {
  const seen = new Set<string>()
  for (const text of Object.keys(fields)) {
    const fault = seen.has(text.toLowerCase()) ? `${text} is named twice` : nameFault(text)
    if (fault !== undefined) context.addIssue({ code: 'custom', path: [text], message: fault })
    seen.add(text.toLowerCase())
  }
}

function refuseContradictions(given: HeaderChanges, context: z.RefinementCtx): void {
  const replaced = new Set(Object.keys(given.set ?? {}).map((text) => text.toLowerCase()))
  for (const [at, text] of (given.remove ?? []).entries()) {
    if (!replaced.has(text.toLowerCase())) continue
    context.addIssue({
      code: 'custom',
      path: ['remove', at],
      message: `${text} is set as well: set replaces it`,
    })
  }
}
