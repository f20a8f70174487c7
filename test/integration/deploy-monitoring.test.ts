// What parsers can say about the Prometheus config and the Grafana dashboard.
import { describe, expect, it } from 'vitest'
import { composeServices, text, yaml } from '../support/repository-files.ts'

describe('Prometheus and Grafana', () => {
  const dashboard = JSON.parse(text('deploy/grafana/dashboards/turnpike.json'))
  const expressions = [
    ...JSON.stringify(dashboard).matchAll(/"(?:expr|definition)":"((?:[^"\\]|\\.)*)"/g),
  ].map(([, expression]) => JSON.parse(`"${expression}"`) as string)

  it('scrape the status port of every gateway', () => {
    const targets: string[] = yaml('deploy/compose/prometheus.yaml').scrape_configs[0].static_configs[0]
      .targets
    expect(targets).toHaveLength(3)
    for (const target of targets) {
      const [host, port] = target.split(':') as [string, string]
      expect(composeServices()[host]?.expose, target).toContain(port)
    }
  })

  it('ask only for metrics that docs/metrics.md lists', () => {
    const documented = text('docs/metrics.md')
    const names = expressions.flatMap(
      (expression) => expression.match(/\b(?:http|gateway|process|nodejs)_[a-z0-9_]+/g) ?? [],
    )
    const metrics = new Set(names.filter((name) => !/^http_(response|request)_/.test(name)))
    expect(metrics.size).toBeGreaterThan(12)
    for (const name of metrics) expect(documented, name).toContain(name.replace(/_(bucket|count|sum)$/, ''))
  })

  it('balance the brackets of every expression', () => {
    expect(expressions.length).toBeGreaterThan(20)
    for (const expression of expressions)
      for (const [open, close] of ['()', '{}', '[]'])
        expect(expression.split(open!).length, expression).toBe(expression.split(close!).length)
  })

  it('use the data source that is provisioned, and a dashboard folder that is mounted', () => {
    const [source] = yaml('deploy/compose/grafana/datasources.yaml').datasources
    const used = [...JSON.stringify(dashboard).matchAll(/"type":"prometheus","uid":"([^"]+)"/g)].map(
      ([, uid]) => uid,
    )
    expect(new Set(used)).toEqual(new Set([source.uid]))
    expect(composeServices()).toHaveProperty(new URL(source.url).hostname)
    const [provider] = yaml('deploy/compose/grafana/dashboards.yaml').providers
    expect(composeServices()['grafana']?.volumes?.join('\n')).toContain(`:${provider.options.path}:`)
  })
})
