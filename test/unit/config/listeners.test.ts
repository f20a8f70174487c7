// `listeners` and `listen`: what they mean, and every mistake told at its place.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { configurationChecks as checks } from '../../../src/checks.ts'
import { loadConfiguration } from '../../../src/config/load.ts'
import { issueCertificate } from '../upstream/certificates.ts'
import { type Files, faultsOf, loaded, testPlugins, withRoute, writeFiles } from './config-under-test.ts'

const { cert, key } = issueCertificate(['a.test'])
const other = issueCertificate(['b.test'])

const files = (lines: string): Files => ({
  'turnpike.yaml': `${lines}\n${withRoute('match: /x')}`,
  'cert.pem': cert,
  'key.pem': key,
  'other.pem': other.cert,
  'other-key.pem': other.key,
})

const told = (lines: string) => faultsOf(files(lines), { checks })

describe('a listener', () => {
  it('speaks HTTP/1.1 in clear text unless it says otherwise', async () => {
    const { listeners } = await loaded(files('listeners: { plain: { address: ":1" } }'))
    expect(listeners).toEqual([{ name: 'plain', protocol: 'http', address: ':1', proxyProtocol: false }])
  })

  it('speaks https where there is tls, with its files as bytes', async () => {
    const tls = '{ certificates: { cert: cert.pem, key: key.pem }, clientCertificates: { ca: other.pem } }'
    const { listeners } = await loaded(files(`listeners: { s: { address: ":1", tls: ${tls} } }`))
    const bytes = (text: string) => Buffer.from(text)
    expect(listeners).toEqual([
      {
        name: 's',
        protocol: 'https',
        address: ':1',
        proxyProtocol: false,
        http2: true,
        tls: {
          certificates: [expect.objectContaining({ cert: bytes(cert), key: bytes(key) })],
          minVersion: '1.2',
          clientCertificates: { ca: bytes(other.cert), required: true },
        },
      },
    ])
  })

  it('keeps its certificates in the order of the file: the first is the one for everybody else', async () => {
    const list = '[{ cert: other.pem, key: other-key.pem }, { cert: cert.pem, key: key.pem }]'
    const { listeners } = await loaded(
      files(`listeners: { s: { address: ":1", tls: { certificates: ${list} } } }`),
    )
    expect(listeners[0]).toMatchObject({
      tls: { certificates: [{ cert: Buffer.from(other.cert) }, { cert: Buffer.from(cert) }] },
    })
  })

  it('may be the only place where clients connect', async () => {
    const configuration = await loaded(
      files('listen: false\nlisteners: { h: { protocol: h2c, address: ":1" } }'),
    )
    expect(configuration).toMatchObject({ listen: false, listeners: [{ protocol: 'h2c' }] })
  })
})

describe('a certificate that is renewed', () => {
  it('is another configuration, though no word of the config has changed', async () => {
    const tls = '{ certificates: { cert: cert.pem, key: key.pem } }'
    const folder = writeFiles(files(`listeners: { s: { address: ":1", tls: ${tls} } }`))
    const hash = async () => {
      const { configuration } = await loadConfiguration(join(folder, 'turnpike.yaml'), {
        plugins: testPlugins,
        env: {},
      })
      return configuration!.hash
    }
    const first = await hash()
    expect(await hash()).toBe(first)
    writeFileSync(join(folder, 'cert.pem'), other.cert)
    writeFileSync(join(folder, 'key.pem'), other.key)
    expect(await hash()).not.toBe(first)
  })

  it('is watched, and so is one that is missing', async () => {
    const tls = '{ certificates: { cert: cert.pem, key: key.pem } }'
    const folder = writeFiles(files(`listeners: { s: { address: ":1", tls: ${tls} } }`))
    rmSync(join(folder, 'key.pem'))
    const { files: watched, faults } = await loadConfiguration(join(folder, 'turnpike.yaml'), {
      plugins: testPlugins,
      env: {},
    })
    expect(watched).toEqual(expect.arrayContaining([join(folder, 'cert.pem'), join(folder, 'key.pem')]))
    expect(faults).toHaveLength(1)
  })
})

describe('a mistake', () => {
  it.each([
    ['listeners: { a: {} }', '1:14 listeners.a needs "address"'],
    [
      'listeners: { a: { address: 8443 } }',
      '1:28 listeners.a.address: 8443 is not an address: write ":8443"',
    ],
    [
      'listeners: { a: { address: ":1", protocol: htps } }',
      '1:44 listeners.a.protocol: "htps" is not http, h2c, https, tcp or tlsPassthrough (did you mean "https"?)',
    ],
    ['listeners: { a: { address: ":1", protocol: https } }', '1:14 listeners.a needs "tls"'],
    ['listeners: { a: { address: ":1", prto: 1 } }', '1:34 unknown key "prto" in listeners.a'],
    ['listeners: { a: { address: ":1", protocol: http, tls: {} } }', '1:50 unknown key "tls" in listeners.a'],
    ['listeners: { "a b": { address: ":1" } }', '1:14 listeners["a b"]: "a b" is not a name: up to'],
    ['listeners: { a: { address: ":1", tls: { certificates: [] } } }', '1:55 listeners.a.tls.certificates'],
    [
      'listeners: { a: { address: ":1", tls: { certificates: { cert: cert.pem, key: other-key.pem } } } }',
      '1:78 listeners.a.tls.certificates.key: does not belong to "cert"',
    ],
    [
      'listeners: { a: { address: ":1", tls: { certificates: [{ cert: cert.pem, key: key.pem }, { cert: key.pem, key: key.pem }] } } }',
      '1:98 listeners.a.tls.certificates[1].cert: the file holds no certificate (write one in PEM)',
    ],
    ['listen: false', '1:9 listen: there is nowhere left for clients to connect (write an address,'],
    [
      'listeners: { a: { address: ":1" }, b: { address: "127.0.0.1:1" } }',
      '1:50 listeners.b.address: is the address of "listeners.a" as well (give each a port of its own)',
    ],
    [
      'listeners: { a: { address: ":8080" } }',
      '1:28 listeners.a.address: is the address of "listen" as well (give each a port of its own)',
    ],
    [
      'listeners: { a: { address: ":1", proxyProtocol: true } }',
      '1:49 listeners.a.proxyProtocol: nobody may connect: only networks of "trustProxy" are believed',
    ],
  ])('%s', async (lines, line) => {
    expect(await told(lines)).toEqual([expect.stringContaining(line)])
  })
})
