// What parsers can say about docker-compose.yml and the files that it mounts.
import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  composeServices,
  type Document,
  dockerInstructions,
  ROOT,
  text,
  turnpikeCheck,
  yaml,
  yamlDocuments,
} from '../support/repository-files.ts'

describe('the deployment files', () => {
  it('are all valid YAML without duplicate keys', () => {
    const files = ['docker-compose.yml', ...globSync('deploy/**/*.yaml', { cwd: ROOT })]
    expect(files.length).toBeGreaterThan(10)
    for (const file of files) expect(yamlDocuments(file).length, file).toBeGreaterThan(0)
  })
})

describe('docker-compose.yml', () => {
  it('pins every image by version, or builds it', () => {
    for (const [name, { image, build }] of Object.entries(composeServices()))
      expect(build !== undefined || /:v?\d+\.\d+\.\d+/.test(image ?? ''), `${name}: ${image}`).toBe(true)
  })

  it('mounts only what exists', () => {
    const mounts = Object.values(composeServices()).flatMap(({ volumes = [] }) => volumes)
    expect(mounts.length).toBeGreaterThan(5)
    for (const mount of mounts) expect(existsSync(join(ROOT, mount.split(':')[0]!)), mount).toBe(true)
  })

  it('waits only for services that exist, and for health only where there is a health check', () => {
    const services = composeServices()
    for (const [name, { depends_on = [] }] of Object.entries(services)) {
      const conditions = Array.isArray(depends_on)
        ? depends_on.map((on) => [on, {}])
        : Object.entries(depends_on)
      for (const [on, { condition }] of conditions) {
        expect(services, `${name} waits for ${on}`).toHaveProperty(on)
        const checked = services[on]?.healthcheck !== undefined || services[on]?.build !== undefined
        if (condition === 'service_healthy') expect(checked, `${name} waits for ${on}`).toBe(true)
      }
    }
  })

  it('runs three gateways of one image on one Redis, with the same config', () => {
    const services = composeServices()
    const gateways = Object.entries(services).filter(([name]) => name.startsWith('gateway-'))
    expect(gateways.map(([name]) => name)).toEqual(['gateway-1', 'gateway-2', 'gateway-3'])
    for (const [, gateway] of gateways) expect(gateway).toEqual(services['gateway-1'])
    expect(new URL(services['gateway-1']!.environment!['REDIS_URL']!).hostname).toBe('redis')
    const [source, target] = services['gateway-1']!.volumes![0]!.split(':') as [string, string]
    expect(target).toBe('/etc/turnpike')
    expect(existsSync(join(ROOT, source, 'turnpike.yaml'))).toBe(true)
  })

  it('sends traces to a port on which the collector listens', () => {
    const endpoint = new URL(composeServices()['gateway-1']!.environment!['OTEL_EXPORTER_OTLP_ENDPOINT']!)
    const collector = yaml('deploy/compose/otel-collector.yaml')
    expect(composeServices()).toHaveProperty(endpoint.hostname)
    expect(collector.receivers.otlp.protocols.http.endpoint.split(':')[1]).toBe(endpoint.port)
    for (const { receivers, processors, exporters } of Object.values<Document>(collector.service.pipelines)) {
      for (const name of receivers) expect(collector.receivers).toHaveProperty(name)
      for (const name of processors) expect(collector.processors).toHaveProperty(name)
      for (const name of exporters) expect(collector.exporters).toHaveProperty(name)
    }
  })

  it('starts the demo backends with a file that the image holds', () => {
    const copied = dockerInstructions()
      .filter(({ word }) => word === 'COPY')
      .map(({ rest }) => rest)
      .join('\n')
    const backends = Object.values(composeServices()).filter(({ entrypoint }) => entrypoint !== undefined)
    expect(backends).toHaveLength(3)
    for (const { entrypoint } of backends) {
      const file = entrypoint![1]!
      expect(copied).toContain(file.replace('/app/demo/', 'examples/demo/'))
      expect(copied).toContain(dirname(file))
    }
  })

  it('has a gateway config that turnpike check accepts, with targets that are services', () => {
    const { status, output } = turnpikeCheck('deploy/compose/turnpike.yaml')
    expect(status, output).toBe(0)
    const config = yaml('deploy/compose/turnpike.yaml')
    for (const { targets } of Object.values<{ targets: string[] }>(config.services)) {
      for (const target of targets) {
        const { hostname, port } = new URL(target)
        expect(composeServices()[hostname]?.expose, target).toContain(port)
      }
    }
  })
})

describe('the HAProxy config', () => {
  const config = text('deploy/compose/haproxy.cfg')

  it('is accepted by haproxy, where it is installed', () => {
    const { status, error, stdout, stderr } = spawnSync(
      'haproxy',
      ['-c', '-f', 'deploy/compose/haproxy.cfg'],
      {
        cwd: ROOT,
        encoding: 'utf8',
      },
    )
    if (error) console.log('haproxy is not on PATH: its config is checked by this file alone')
    else expect(status, stdout + stderr).toBe(0)
    expect(config).toMatch(/^\s*mode tcp$/m)
  })

  it('sends clients to every gateway and asks the status port whether it is ready', () => {
    const servers = [...config.matchAll(/^\s*server (\S+) (\S+):(\d+)$/gm)].map(([, , host, port]) => ({
      host,
      port,
    }))
    expect(servers.map(({ host }) => host)).toEqual(['gateway-1', 'gateway-2', 'gateway-3'])
    for (const { host, port } of servers) expect(composeServices()[host!]?.expose).toContain(port)
    const status = /^\s*default-server check port (\d+)/m.exec(config)?.[1]
    expect(composeServices()['gateway-1']?.expose).toContain(status)
    expect(config).toMatch(/option httpchk GET \/readyz/)
    expect(config).not.toMatch(/send-proxy/)
  })

  it('sees a draining gateway before it stops accepting', () => {
    const [, inter, fall] = /inter (\d+)ms fall (\d+)/.exec(config) ?? []
    const drainDelayMs = 5000
    expect(Number(inter) * (Number(fall) + 1)).toBeLessThan(drainDelayMs)
  })
})
