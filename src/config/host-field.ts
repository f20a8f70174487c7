// Hosts of a match: exact names, `*.suffix`, and whether one lies inside another.
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { z } from 'zod'
import { isHostName } from '../host-name.ts'
import { type Refusal, textField } from './text-field.ts'

const host = textField(readHost)

/** What a TLS hello asks for; `*` is every other name, and none. */
export const serverName = textField((written) => {
  if (written === '*') return { value: written }
  const outcome = readHost(written)
  // RFC 6066 section 3: no client asks for an address.
  const isAddress = 'value' in outcome && isIP(outcome.value.replace(/^\[(.*)\]$/, '$1')) > 0
  return isAddress ? refuse(written, 'clients that name no host go to "*"') : outcome
})

export const hosts = z
  .union([host, z.array(host).min(1).superRefine(refuseTwice)])
  .transform((one): readonly string[] => (Array.isArray(one) ? one : [one]))

function refuseTwice(names: readonly string[], refinement: z.RefinementCtx): void {
  for (const [at, name] of names.entries()) {
    if (names.indexOf(name) === at) continue
    refinement.addIssue({ code: 'custom', path: [at], message: `the host "${name}" is named twice` })
  }
}

function readHost(written: string): { readonly value: string } | Refusal {
  if (written === '*') return refuse(written, 'leave "host" out to match any host')
  if (written.includes('/')) return refuse(written, 'write the name alone, without scheme and path')
  const wildcard = written.startsWith('*.') ? '*.' : ''
  const name = written.slice(wildcard.length)
  if (wildcard === '' && isIP(name.replace(/^\[(.*)\]$/, '$1')) > 0) return { value: bracketed(name) }
  if (name.includes('*')) return refuse(written, 'a "*" may only be the whole first label: *.example.com')
  if (/:\d*$/.test(name)) return refuse(written, 'write the name alone, without the port')
  const ascii = domainToASCII(name)
  return isHostName(ascii)
    ? { value: wildcard + ascii }
    : refuse(written, 'write api.example.com or *.example.com')
}

function bracketed(address: string): string {
  return isIP(address) === 6 ? `[${address.toLowerCase()}]` : address.toLowerCase()
}

function refuse(written: string, hint: string): Refusal {
  return { message: `${JSON.stringify(written)} is not a host`, hint }
}

/** True when every host that `inner` matches is matched by one of `outer`; none in `outer` matches all. */
export function isInsideHosts(inner: string, outer: readonly string[]): boolean {
  const name = inner.startsWith('*.') ? inner.slice(1) : `.${inner}`
  return (
    outer.length === 0 ||
    outer.includes(inner) ||
    outer.some((one) => one.startsWith('*.') && name.endsWith(one.slice(1)) && name.length > one.length - 1)
  )
}
