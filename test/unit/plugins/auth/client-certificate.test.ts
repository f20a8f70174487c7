// Callers known by the certificate of their connection: exactly one name, declared or not.
import { describe, expect, it } from 'vitest'
import {
  type CertificateHolders,
  ClientCertificateProvider,
} from '../../../../plugins/auth/client-certificate.ts'
import type { Outcome } from '../../../../plugins/auth/provider.ts'
import {
  type ClientCertificateSettings,
  clientCertificateSettings,
} from '../../../../plugins/auth/provider-settings.ts'
import type { ClientCertificate, Exchange } from '../../../../src/plugin.ts'

const CERTIFICATE: ClientCertificate = {
  subject: 'CN=orders, O=Example',
  fingerprint: 'ab12',
  uris: ['spiffe://example.com/orders'],
  dnsNames: ['orders.internal', 'orders-2.internal'],
}

function ask(
  settings: Partial<ClientCertificateSettings>,
  certificate: ClientCertificate | undefined = CERTIFICATE,
  holders: CertificateHolders = {},
): Outcome {
  const whole = clientCertificateSettings.parse({ type: 'clientCertificate', consumer: 'uri', ...settings })
  const exchange = { clientCertificate: certificate } as Exchange
  return new ClientCertificateProvider('mtls', whole, holders).authenticate(exchange)
}

describe('a caller', () => {
  it.each([
    ['uri', 'spiffe://example.com/orders'],
    ['subject', 'CN=orders, O=Example'],
    ['fingerprint', 'ab12'],
  ] as const)('is the %s of its certificate', (consumer, id) => {
    expect(ask({ consumer })).toMatchObject({
      kind: 'accepted',
      identity: { consumer: { id, tier: undefined, scopes: [] }, headers: ['X-Consumer-Id', id] },
    })
  })

  it('has the tier and the scopes that it was declared with', () => {
    const holders = { ab12: { tier: 'gold', scopes: ['read'] } }
    expect(ask({ consumer: 'fingerprint' }, CERTIFICATE, holders)).toMatchObject({
      identity: { consumer: { id: 'ab12', tier: 'gold', scopes: ['read'] } },
    })
  })

  it('without a certificate is nobody', () => {
    const exchange = { clientCertificate: undefined } as Exchange
    const settings = clientCertificateSettings.parse({ type: 'clientCertificate', consumer: 'uri' })
    expect(new ClientCertificateProvider('mtls', settings, {}).authenticate(exchange)).toEqual({
      kind: 'absent',
    })
  })

  it.each([
    ['whose certificate has no such name', { consumer: 'uri' }, { ...CERTIFICATE, uris: [] }, 'no consumer'],
    ['whose certificate has several', { consumer: 'dns' }, CERTIFICATE, 'several credentials'],
    ['who is not declared', { consumer: 'uri', declaredOnly: true }, CERTIFICATE, 'unknown key'],
    [
      'whose name is one of every object',
      { consumer: 'uri', declaredOnly: true },
      { ...CERTIFICATE, uris: ['constructor'] },
      'unknown key',
    ],
  ] as const)('%s is refused', (_name, settings, certificate, reason) => {
    expect(ask(settings, certificate)).toEqual({ kind: 'rejected', reason })
  })

  it('is recognised once for all requests of a connection', () => {
    const settings = clientCertificateSettings.parse({ type: 'clientCertificate', consumer: 'uri' })
    const provider = new ClientCertificateProvider('mtls', settings, {})
    const exchange = { clientCertificate: CERTIFICATE } as Exchange
    expect(provider.authenticate(exchange)).toBe(provider.authenticate(exchange))
  })
})
