// The TypeScript form: the same keys as YAML, completed and checked by the editor.
import { defineConfig, env, secret } from 'turnpike'
import { audit } from './plugins/audit.ts'

export default defineConfig({
  redis: env('REDIS_URL', ''),
  use: { audit },
  auth: {
    corp: { type: 'jwt', issuer: 'https://id.example.com', audience: 'api', consumer: 'sub', tier: 'plan' },
    partner: { type: 'apiKey', header: 'x-api-key' },
  },
  consumers: {
    acme: { apiKey: secret('ACME_KEY'), tier: 'gold' },
  },
  defaults: {
    auth: 'corp',
    timeout: '10s',
    rateLimit: { limit: '50/s', by: 'ip' },
  },
  services: {
    orders: {
      host: 'api.example.com',
      targets: ['http://orders-1:8080', 'http://orders-2:8080'],
      canary: { percent: 5, targets: ['http://orders-next:8080'], stickyBy: 'consumer' },
      retry: { attempts: 2, on: ['connect', 502, 503, 504] },
      circuitBreaker: { errors: '50%', window: '10s', open: '30s' },
      routes: {
        read: {
          match: 'GET /orders/*',
          auth: { use: 'corp', scopes: ['orders:read'] },
          rateLimit: { limit: '100/min', by: 'consumer', tiers: { gold: '1000/min' } },
        },
        write: {
          match: 'POST|PUT|PATCH /orders/*',
          audit: { topic: 'orders' },
          cors: false,
        },
        webhook: { match: 'POST /orders/hooks/:provider', auth: 'none' },
      },
    },
  },
})
