// A plugin of one's own: tells the log who changed what.
import type { Plugin } from 'turnpike'
import { z } from 'zod'

const settings = z.strictObject({
  topic: z.string().min(1).describe('What the entry is filed under.'),
})

export const audit: Plugin<z.output<typeof settings>> = {
  name: 'audit',
  stage: 'request',
  summary: 'Writes who called what, and how it ended, to the log.',
  settings,
  create: ({ topic }, { logger }) => ({
    onFinish({ consumer, method, path, status }) {
      logger.info({ topic, consumer: consumer?.id, method, path, status }, 'audit')
    },
  }),
}
