// Informational responses to a client: which are written, and where none may be.
import { describe, expect, it } from 'vitest'
import { sendContinue, sendInterim } from '../../../src/edge/interim.ts'
import { HeaderList } from '../../../src/headers.ts'
import { get } from './answers.ts'

const head = (status: number, ...pairs: string[]) => ({ status, headers: new HeaderList(pairs) })

/** Everything that the client gets, with an empty answer at the end. */
async function received(
  version: string,
  write: (response: Awaited<ReturnType<typeof get>>['response']) => void,
) {
  const { response, client } = await get('GET', version)
  response.writeHead(200, 'OK', ['Content-Length', '0'])
  write(response)
  response.end()
  return client.until((text) => /HTTP\/1\.1 200 [\s\S]*\r\n\r\n/.test(text))
}

describe('an informational response', () => {
  it('is written as it came, before the answer', async () => {
    const text = await received('1.1', (response) => {
      sendInterim(response, head(103, 'Link', '</a>; rel=preload', 'link', '</b>', 'X-A', 'caf\xe9'))
      sendInterim(response, head(102))
    })
    expect(text).toMatch(
      /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a>; rel=preload\r\nlink: <\/b>\r\nX-A: caf\xe9\r\n\r\nHTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 200 /,
    )
  })

  it.each([100, 101])('%d is between neighbours and not passed on', async (status) => {
    expect(await received('1.1', (response) => sendInterim(response, head(status)))).toMatch(
      /^HTTP\/1\.1 200 /,
    )
  })

  it('is not for a client of HTTP/1.0', async () => {
    const text = await received('1.0', (response) => {
      sendInterim(response, head(103, 'Link', '</a>'))
      sendContinue(response)
    })
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('is not written behind the head of the answer', async () => {
    const text = await received('1.1', (response) => {
      response.flushHeaders()
      sendInterim(response, head(103))
      sendContinue(response)
    })
    expect(text).not.toMatch(/ 10[03] /)
  })

  it('that cannot be written is dropped', async () => {
    const text = await received('1.1', (response) => sendInterim(response, head(103, 'X-A', 'a\r\nX-B: b')))
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
    expect(text).not.toContain('X-B')
  })
})

describe('a client that waits for 100 Continue', () => {
  it('is told to go on', async () => {
    expect(await received('1.1', sendContinue)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
  })

  it('is nobody where no response is at hand', () => {
    expect(() => sendContinue(undefined)).not.toThrow()
  })
})
