// The promise of `turnpike check`: ten different mistakes, ten positions, ten ways out.
import { expect, it } from 'vitest'
import { plugins } from '../../../plugins/index.ts'
import { loadConfiguration } from '../../../src/config/load.ts'

const FILE = 'test/fixtures/config/ten-mistakes.yaml'

const EXPECTED = `${FILE}:2:14  error  trustProxy[0]: "10.0.0.0/40" is not a network
    2 | trustProxy: [10.0.0.0/40]
      |              ^ the prefix goes up to /32
${FILE}:9:11  error  services.orders.host: *.example.com is an alias in YAML, and no anchor has this name
    9 |     host: *.example.com
      |           ^ quote it: "*.example.com"
${FILE}:10:15  error  services.orders.targets[0]: "http://orders:8080/v1" is not a target
   10 |     targets: [http://orders:8080/v1]
      |               ^ a target has no path; "rewrite" changes paths
${FILE}:11:14  error  services.orders.timeout: 10 is not a duration with a unit, like 10s or 500ms
   11 |     timeout: 10
      |              ^ write 10s or 10ms
${FILE}:12:12  error  services.orders.retry: "off" does not switch retry off
   12 |     retry: off
      |            ^ write retry: false
${FILE}:15:16  error  services.orders.routes.list.match: "get" is not a method
   15 |         match: get /orders
      |                ^ write GET
${FILE}:16:9  error  unknown key "ratelimit" in services.orders.routes.list
   16 |         ratelimit: { limit: 100/min }
      |         ^ did you mean "rateLimit"?
${FILE}:19:15  error  services.orders.routes.one.auth: no auth provider named "crop"
   19 |         auth: crop
      |               ^ defined: corp
${FILE}:20:29  error  services.orders.routes.one.rateLimit.limit: "100/minute" is not a rate like 100/min (units: s, min, h, d)
   20 |         rateLimit: { limit: 100/minute }
      |                             ^
${FILE}:23:18  error  services.orders.routes.moved.service: no service named "ordrs"
   23 |         service: ordrs
      |                  ^ did you mean "orders"?

10 errors — nothing was applied
`

it('ten different mistakes are all told at once, each at its place with its fix', async () => {
  const result = await loadConfiguration(FILE, { plugins, env: {} })
  expect(result.configuration).toBeUndefined()
  expect(result.render(false)).toBe(EXPECTED)
})
