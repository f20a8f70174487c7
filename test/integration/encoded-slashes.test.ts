// `%2F` in a path: refused, unless the route that takes it says that its service can tell it from a slash.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { sendRaw } from '../support/http-client.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'

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
    auth: none
    routes:
      projects: { match: /projects/:id/*, encodedSlashes: allow }
      moved: { match: /moved/:id, rewrite: /projects/:id, encodedSlashes: allow }
      guarded: { match: /projects/:id/secret, encodedSlashes: allow, auth: keys }
      said: { match: /said/*, encodedSlashes: refuse }
      post: { match: POST /posts/* }
      rest: /*
`)
})

afterAll(async () => {
  await gateway.stop()
  await target.close()
})

beforeEach(() => {
  target.seen.length = 0
})

const get = (path: string) =>
  sendRaw(gateway.port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)

describe('an escaped slash', () => {
  it.each([
    ['/projects/group%2Fname/files', '/projects/group%2Fname/files'],
    ['/projects/group%2fname/files%2f', '/projects/group%2Fname/files%2F'],
    ['/moved/group%2Fname', '/projects/group%2Fname'],
  ])('in %s arrives as %s where the route allows it', async (sent, seen) => {
    expect(await get(sent)).toContain('HTTP/1.1 200 ')
    expect(target.seen.map(({ url }) => url)).toEqual([seen])
  })

  it.each(['/said/a%2Fb', '/a%2Fb', '/a%2fb', '/said%2Fa', '/posts/a%2Fb', '/projects%2Fa%2Fb'])(
    'in %s is refused where it does not, or where no route is',
    async (path) => {
      const answer = await get(path)
      expect(answer).toContain('HTTP/1.1 400 ')
      expect(answer).toContain('"code":"INVALID_PATH"')
      expect(answer).toContain('The path has an escaped slash.')
      expect(target.seen).toEqual([])
    },
  )

  it.each([
    '/projects/..%2Fadmin/x',
    '/projects/a%2F..%2Fb/x',
    '/projects/%2Fa/x',
    '/projects/a%2F%2Fb/x',
    '/projects/a%5Cb/x',
  ])('in %s is refused on every route', async (path) => {
    expect(await get(path)).toContain('HTTP/1.1 400 ')
    expect(target.seen).toEqual([])
  })

  it('is part of the segment that a route guards', async () => {
    expect(await get('/projects/group%2Fname/secret')).toContain('HTTP/1.1 401 ')
    expect(target.seen).toEqual([])
  })
})
