// The plugin `bodyLimit`: refuses request bodies that are too large, declared or not.
import { type Exchange, GatewayError, type Hooks, type Plugin, size } from '../../src/plugin.ts'

const settings = size.describe('The most bytes that a request body may have: 64KiB, 10MB.')

export const bodyLimit = {
  name: 'bodyLimit',
  stage: 'policy',
  summary: 'Refuses a request body of more bytes than this: at once when its length is declared.',
  settings,
  create: createBodyLimit,
} satisfies Plugin<number>

function createBodyLimit(bytes: number): Hooks {
  return { onRequest: (exchange) => limitBody(exchange, bytes) }
}

function limitBody({ request: { body } }: Exchange, bytes: number): void {
  if (!body.present) return
  if (body.length === undefined) body.limit(bytes)
  else if (body.length > bytes) {
    throw new GatewayError('BODY_TOO_LARGE', { detail: `The body may have at most ${bytes} bytes` })
  }
}
