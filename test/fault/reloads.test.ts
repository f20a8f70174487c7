// Reload after reload: the configurations that served before are not kept.
import { writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { send } from '../support/http-client.ts'
import { startProcessGateway } from '../support/process-gateway.ts'

const SERVICES = 50
const ROUTES = 80

const service = (name: string, revision: number) => `
  ${name}:
    targets: [http://127.0.0.1:9]
    retry: { attempts: 2 }
    circuitBreaker: {}
    concurrency: 10
    routes:
${Array.from({ length: ROUTES }, (_, at) => `      r${at}: { match: "GET /${name}/${at}/v${revision}/:id", timeout: 3s, rateLimit: { limit: 5/s, by: ip } }`).join('\n')}`

const config = (revision: number) =>
  `accessLog: false\ndrain: { delay: 0s }\nservices:${Array.from({ length: SERVICES }, (_, at) => service(`s${at}`, revision)).join('')}\n`

it('memory is what it was at the start, whatever state of the routes lives on', async () => {
  const gateway = await startProcessGateway(config(0), { measured: true, flags: ['--no-watch'] })
  const applied = async () => {
    const { body } = await send(`${gateway.status}/metrics`)
    return Number(/^gateway_config_reloads_total\{outcome="applied"\} (\d+)/m.exec(body)?.[1])
  }
  const used = async () => (await gateway.memory()).heapUsed
  const atStart = await used()
  for (let revision = 1; revision <= 3; revision++) {
    const before = await applied()
    writeFileSync(gateway.file, config(revision))
    gateway.child.kill('SIGHUP')
    await expect.poll(applied).toBe(before + 1)
  }
  // One of these configurations is half of all that is used.
  await expect.poll(used).toBeLessThan(atStart * 1.25)
  expect(await gateway.stop()).toBe(0)
})
