// The plugin `ipAllow`: lets only some client addresses in.
import { isIP } from 'node:net'
import { z } from 'zod'
import { type Exchange, GatewayError, type Hooks, type Plugin } from '../../src/plugin.ts'
import { addressRanges, isAddressRange } from './address-ranges.ts'

const range = z
  .string({ error: 'expected an address like 192.0.2.7 or a range like 10.0.0.0/8' })
  .refine(isAddressRange, {
    error: ({ input }) =>
      `${JSON.stringify(input)} is not an address like 192.0.2.7 or a range like 10.0.0.0/8`,
  })
const ranges = z.array(range).min(1, { error: 'an empty list lets nobody in: name at least one address' })

const lists = z
  .strictObject({
    allow: ranges.optional().describe('Who may come in; everybody when it is missing.'),
    deny: ranges.optional().describe('Who may not, even when allowed.'),
  })
  .refine(({ allow, deny }) => allow !== undefined || deny !== undefined, {
    error: 'say at least one of allow, deny',
  })

// No transform here: behind one, a union tells only that nothing fits, not which address is wrong.
const settings = z.union([ranges, lists], {
  error: 'expected a list of addresses, or an object with allow, deny',
})

export type IpAllowSettings = z.output<typeof settings>

export const ipAllow = {
  name: 'ipAllow',
  stage: 'edge',
  summary: 'Lets only some client addresses in, or keeps some out.',
  settings,
  create: createIpAllow,
} satisfies Plugin<IpAllowSettings>

function createIpAllow(given: IpAllowSettings): Hooks {
  const { allow, deny } = Array.isArray(given) ? { allow: given } : given
  const allowed = allow && addressRanges(allow)
  const denied = deny && addressRanges(deny)

  function refuseStrangers(exchange: Exchange): void {
    const address = withoutZone(exchange.clientIp)
    const version = isIP(address)
    const family = version === 4 ? 'ipv4' : 'ipv6'
    // What is no address (a client on a Unix socket) is on no list: a rule about addresses fails closed.
    if (version === 0 || denied?.check(address, family) || allowed?.check(address, family) === false) {
      throw new GatewayError('ADDRESS_FORBIDDEN')
    }
  }

  return { onRequest: refuseStrangers }
}

// RFC 4007 section 11: the zone of a link-local address names an interface of this machine, not the client.
function withoutZone(address: string): string {
  const zone = address.indexOf('%')
  return zone < 0 ? address : address.slice(0, zone)
}
