// What parsers can say about the Kubernetes manifests.
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Document, ROOT, turnpikeCheck, yaml } from '../support/repository-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'turnpike-deploy-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the Kubernetes manifests', () => {
  const files = globSync('deploy/kubernetes/*.yaml', { cwd: ROOT })
  const manifests = files.filter((file) => !file.endsWith('kustomization.yaml')).map(yaml)
  const of = (kind: string): Document => manifests.find((manifest) => manifest.kind === kind)

  it('are all listed in the kustomization, and each has a kind and a name', () => {
    const listed = yaml('deploy/kubernetes/kustomization.yaml').resources.map(
      (name: string) => `deploy/kubernetes/${name}`,
    )
    expect(listed.toSorted()).toEqual(files.filter((file) => !file.endsWith('kustomization.yaml')).toSorted())
    for (const { apiVersion, kind, metadata } of manifests) {
      expect(apiVersion).toMatch(/^(?:[a-z0-9.]+\/)?v\d/)
      expect(kind).toMatch(/^[A-Z]/)
      expect(metadata.name).toBe('turnpike')
    }
  })

  it('select the pods of the deployment and name ports that it has', () => {
    const { template, selector } = of('Deployment').spec
    const labels = template.metadata.labels
    expect(selector.matchLabels).toEqual(labels)
    expect(of('Service').spec.selector).toEqual(labels)
    expect(of('PodDisruptionBudget').spec.selector.matchLabels).toEqual(labels)
    expect(of('NetworkPolicy').spec.podSelector.matchLabels).toEqual(labels)
    const container = template.spec.containers[0]
    const ports = container.ports.map(({ name }: { name: string }) => name)
    expect(ports).toContain(of('Service').spec.ports[0].targetPort)
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
      expect(ports).toContain(container[probe].httpGet.port)
    expect(of('HorizontalPodAutoscaler').spec.scaleTargetRef).toMatchObject({
      kind: 'Deployment',
      name: 'turnpike',
    })
  })

  it('give the gateway more time to end than its own drain takes', () => {
    const drainMs = 5000 + 25_000
    expect(of('Deployment').spec.template.spec.terminationGracePeriodSeconds * 1000).toBeGreaterThan(drainMs)
    expect(
      Number.parseInt(yaml('docker-compose.yml').services['gateway-1'].stop_grace_period, 10) * 1000,
    ).toBeGreaterThan(drainMs)
  })

  it('hold a config that turnpike check accepts', () => {
    const file = join(folder, 'turnpike.yaml')
    writeFileSync(file, of('ConfigMap').data['turnpike.yaml'])
    const { status, output } = turnpikeCheck(file)
    expect(status, output).toBe(0)
  })
})
