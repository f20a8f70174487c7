// The settings of `cors`: exact origins, so that no pattern lets a stranger in.
import { z } from 'zod'
import { duration, isFieldName, origin } from '../../src/plugin.ts'

const method = z.string().refine((text) => isFieldName(text) && text === text.toUpperCase() && text !== '*', {
  error: ({ input }) => `${JSON.stringify(input)} is not a method like GET`,
})

const fieldName = z.string().refine((text) => isFieldName(text) && text !== '*', {
  error: ({ input }) => `${JSON.stringify(input)} is not a header name`,
})

export const settings = z.strictObject({
  origins: z
    .union([z.literal('*'), z.array(origin).min(1)], {
      error: 'expected "*" or a list of origins like https://app.example.com',
    })
    .describe('Which origins may read responses: exactly these, or "*" for every one.'),
  methods: z
    .array(method)
    .min(1)
    .optional()
    .describe('Methods that a preflight allows; the one it asks about when missing, as that is routed.'),
  headers: z
    .array(fieldName)
    .optional()
    .describe('Request headers that a preflight allows; those it asks about when missing.'),
  exposeHeaders: z.array(fieldName).optional().describe('Response headers that scripts may read.'),
  credentials: z
    .boolean()
    .default(false)
    .describe('Whether browsers may send cookies and credentials. Never with "*".'),
  maxAge: duration.prefault('10m').describe('How long a browser may keep the answer to a preflight.'),
})

export type CorsSettings = z.output<typeof settings>
