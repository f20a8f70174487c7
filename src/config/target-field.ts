// Where a service listens: `http://`, `https://`, `h2c://`, `tcp://` and `unix:` targets with their weights.
import { isIP } from 'node:net'
import { z } from 'zod'
import { isForbiddenHost } from '../guarded-lookup.ts'
import { type Refusal, textField } from './text-field.ts'

const url = textField(readTarget)

const weight = z.number().positive().max(1000).describe('Its share of the requests, relative to the others.')

const weighted = z.strictObject({ url: url.describe('The address.'), weight: weight.default(1) })

export const targets = z
  .array(z.union([url.transform((one) => ({ url: one, weight: 1 })), weighted]))
  .min(1)
  .max(1000)
  .superRefine((list, refinement) => {
    const seen = new Set<string>()
    for (const [at, { url }] of list.entries()) {
      const params = { hint: 'for a larger share: { url: ..., weight: 2 }' }
      const message = `the target ${url} is named twice`
      if (seen.has(url)) refinement.addIssue({ code: 'custom', path: [at], message, params })
      seen.add(url)
    }
  })

const SHAPE = /^(https?|h2c|tcp):\/\/(\[[^\]]*\]|[^:/?#@\\\s]*)(?::(\d*))?$/i
const HINT = 'write http://host:port, https://host:port, h2c://host:port, tcp://host:port or unix:/path'

function readTarget(written: string): { readonly value: string } | Refusal {
  if (/^unix:/i.test(written)) return readSocket(written)
  const [, scheme = '', host = '', port = ''] = SHAPE.exec(written) ?? []
  // These are unknown to the URL parser, which would leave the host as it was written.
  const asHttp = written.replace(/^(?:h2c|tcp):/i, 'http:')
  if (host === '' || !URL.canParse(asHttp)) return refuse(written, whyNot(written))
  const parsed = new URL(asHttp)
  // 0x7f.1, 2130706433 and 0177.0.0.1 are the same address: one spelling, so that no check reads another one.
  if (isIP(parsed.hostname) === 4 && parsed.hostname !== host)
    return refuse(written, `write ${parsed.hostname}`)
  if (isForbiddenHost(parsed.hostname))
    return refuse(written, 'link-local and cloud metadata addresses are refused')
  if (parsed.port === '0') return refuse(written, 'the port must be from 1 to 65535')
  if (scheme.toLowerCase() !== 'tcp') return { value: `${scheme.toLowerCase()}://${parsed.host}` }
  return port === ''
    ? refuse(written, 'write the port: tcp://host:port')
    : { value: `tcp://${parsed.hostname}:${Number(port)}` }
}

function readSocket(written: string): { readonly value: string } | Refusal {
  const path = written.slice('unix:'.length)
  if (/^\/[^\s?#]*[^\s?#/]$/.test(path) && !path.startsWith('//')) return { value: `unix:${path}` }
  return refuse(written, 'write unix: and an absolute path, like unix:/run/orders.sock')
}

function whyNot(written: string): string {
  if (!/^(?:https?|h2c|tcp):\/\//i.test(written)) return HINT
  if (written.includes('@')) return 'a target has no user or password'
  if (/^\w+:\/\/[^/?#]+[/?#]/i.test(written)) return 'a target has no path; "rewrite" changes paths'
  return HINT
}

function refuse(written: string, hint: string): Refusal {
  return { message: `${JSON.stringify(written)} is not a target`, hint }
}
