// The plugin `ipAllow`: lets only some client addresses in.
import { z } from 'zod'
import { addressFilter, GatewayError, type Hooks, isAddressRange, type Plugin } from '../../src/plugin.ts'

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
  const isAllowed = addressFilter(Array.isArray(given) ? { allow: given } : given)
  return {
    onRequest({ clientIp }) {
      if (!isAllowed(clientIp)) throw new GatewayError('ADDRESS_FORBIDDEN')
    },
  }
}
