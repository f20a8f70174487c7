// The max-privilege oracle: whatever a service behind the gateway makes of a path, it is nothing that the gateway
// would have guarded better.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withoutParameters } from '../../src/edge/canonical-path.ts'
import { createRouteTable } from '../../src/routing/route-table.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { sendRaw } from '../support/http-client.ts'
import { accepted, DECODER_PAIRS, nastyPath, resolveDots } from '../support/nasty-paths.ts'
import { fc, runs } from '../support/property.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'
import { request, route } from '../unit/routing/routes.ts'

/** Pattern -> how well it is guarded. */
const GUARDED: Readonly<Record<string, number>> = {
  '/*': 0,
  '/public/*': 0,
  '/x/:id': 1,
  '/x/admin': 2,
  '/x/admin/*': 2,
  '/admin': 3,
  '/admin/*': 3,
}

const table = createRouteTable(Object.keys(GUARDED).map((pattern, at) => route(`r${at}`, pattern)))

function guardOf(path: string): number {
  const match = table.match({ ...request('GET gw.test/'), path })
  return match.kind === 'route' ? GUARDED[match.route.path]! : 0
}

describe('a path that the gateway accepts', () => {
  it('is guarded as well as every reading of it', () => {
    fc.assert(
      fc.property(nastyPath, (path) => {
        const canonical = accepted(path)
        if (canonical === undefined) return
        const guard = guardOf(withoutParameters(canonical))
        const weaker = DECODER_PAIRS.filter(
          ({ decode }) => guardOf(`/${resolveDots(decode(canonical)).join('/')}`) > guard,
        )
        expect([canonical, weaker.map(({ name }) => name)]).toEqual([canonical, []])
      }),
      { numRuns: runs(5000) },
    )
  })
})

describe('through a real gateway', () => {
  let target: TargetServer
  let gateway: TestGateway

  beforeAll(async () => {
    target = await startTarget()
    gateway = await startTestGateway(`
accessLog: false
auth: { keys: { type: apiKey } }
consumers: { acme: { apiKey: a-key-of-sixteen-or-more } }
services:
  api:
    targets: [${target.url}]
    routes:
      admin: { match: /admin, auth: keys }
      below: { match: /admin/*, auth: keys }
      all: { match: /*, auth: none }
`)
  })

  afterAll(async () => {
    await gateway.stop()
    await target.close()
  })

  it('a service sees the canonical path, or nothing', async () => {
    await fc.assert(
      fc.asyncProperty(nastyPath, async (path) => {
        // What follows belongs to the query.
        const asPath = path.split('?')[0]!
        target.seen.length = 0
        const answer = await sendRaw(
          gateway.port,
          `GET ${Buffer.from(asPath).toString('latin1')} HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\n\r\n`,
        )
        const status = Number(answer.split(' ')[1])
        const canonical = accepted(asPath)
        const isOpen = canonical !== undefined && withoutParameters(canonical).split('/')[1] !== 'admin'
        expect(target.seen.map(({ url }) => url)).toEqual(isOpen ? [canonical] : [])
        expect(status).toBe(canonical === undefined ? 400 : isOpen ? 200 : 401)
      }),
      { numRuns: runs(300) },
    )
  })
})
