// The wall clock is set forward and back under a running gateway: only what is said in wall time follows it.
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'
import { AUDIENCE, ISSUER, rsaKey, signToken } from '../support/tokens.ts'

const HOUR_MS = 3_600_000
const key = rsaKey('rsa')

let target: TargetServer
let gateway: TestGateway

beforeEach(async () => {
  target = await startTarget()
  gateway = await startTestGateway(
    `
auth: { corp: { type: jwt, issuer: ${ISSUER}, audience: ${AUDIENCE}, publicKeyFile: key.pem } }
services:
  api:
    targets: [${target.url}]
    auth: none
    routes:
      guarded: { match: /guarded, auth: corp }
      limited: { match: /limited, rateLimit: { limit: 2/h, by: ip } }
      slow: { match: /slow, timeout: 100ms }
`,
    { files: { 'key.pem': key.pem } },
  )
})

afterEach(async () => {
  vi.restoreAllMocks()
  await gateway.stop()
  await target.close()
})

const realNow = Date.now

function stepWallClock(ms: number): void {
  vi.spyOn(Date, 'now').mockImplementation(() => realNow() + ms)
}

const statusOf = async (path: string, token?: string): Promise<number> =>
  (await gateway.get(path, { headers: token ? { authorization: `Bearer ${token}` } : {} })).status

it('tokens are judged by the wall clock, also those that were known before', async () => {
  const token = signToken({ key, at: Math.floor(realNow() / 1000) })
  expect(await statusOf('/guarded', token)).toBe(200)
  stepWallClock(HOUR_MS)
  expect(await statusOf('/guarded', token)).toBe(401)
  expect(await statusOf('/guarded', signToken({ key, at: Math.floor(Date.now() / 1000) }))).toBe(200)
  stepWallClock(-HOUR_MS)
  expect(await statusOf('/guarded', token)).toBe(401)
  stepWallClock(0)
  expect(await statusOf('/guarded', token)).toBe(200)
})

it.each([
  ['an hour forward', HOUR_MS],
  ['an hour back', -HOUR_MS],
  ['five seconds back', -5000],
])('limits and timeouts go by a clock that nobody sets: %s', async (_, ms) => {
  target.answer = ({ url }, response) => url !== '/slow' && response.end()
  expect(await statusOf('/limited')).toBe(200)
  stepWallClock(ms)
  expect([await statusOf('/limited'), await statusOf('/limited')]).toEqual([200, 429])
  const stepping = statusOf('/slow')
  stepWallClock(-ms)
  expect(await stepping).toBe(504)
  expect(gateway.log.filter(({ level }) => level === 'error')).toEqual([])
  const durations = gateway.log.flatMap((line) => (line['durationMs'] as number | undefined) ?? [])
  expect(durations.filter((one) => one < 0 || one > HOUR_MS / 2)).toEqual([])
})
