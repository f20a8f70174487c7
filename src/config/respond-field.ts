// `respond`: an answer of the gateway itself, with nothing in it that would break the message.
import { z } from 'zod'
import { isFieldName, isFieldValue, isHopByHop } from '../headers.ts'

// RFC 9110 sections 10.1.1 and 8.6, RFC 9112 section 6: the gateway alone frames the message.
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'expect'])
// RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5.
const BODYLESS: ReadonlySet<number> = new Set([204, 205, 304])

const fieldName = z
  .string()
  .refine(isFieldName, { error: ({ input }) => `${JSON.stringify(input)} is not a header name`, abort: true })
  .refine((name) => !isOwn(name.toLowerCase()), {
    error: ({ input }) => `${input} belongs to the connection or frames the message: it cannot be set`,
    abort: true,
  })
  .refine((name) => name.toLowerCase() !== 'host', { error: 'an answer has no Host' })

const fieldValue = z
  .string({ error: 'a header value is text: put it in quotes' })
  .refine(isFieldValue, { error: 'not a legal header value', abort: true })
  .refine((text) => text.trim() === text, { error: 'a header value has no spaces around it' })

const headers = z.record(fieldName, fieldValue).superRefine((fields, refinement) => {
  const seen = new Set<string>()
  for (const name of Object.keys(fields)) {
    const lower = name.toLowerCase()
    if (seen.has(lower)) {
      refinement.addIssue({ code: 'custom', path: [name], message: `${name} is named twice` })
    }
    seen.add(lower)
  }
})

export const respond = z
  .strictObject({
    status: z.int().min(200).max(599).describe('The status.'),
    body: z.string().optional().describe('The body.'),
    headers: headers.default({}).describe('Headers.'),
  })
  .superRefine(({ status, body }, refinement) => {
    if (!body || !BODYLESS.has(status)) return
    const message = `an answer with the status ${status} has no body`
    refinement.addIssue({ code: 'custom', path: ['body'], message, params: { hint: 'leave it out' } })
  })

function isOwn(lowerName: string): boolean {
  return isHopByHop(lowerName) || FRAMING.has(lowerName)
}
