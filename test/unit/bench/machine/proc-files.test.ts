// The files under /proc as Linux writes them.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  parseCoreList,
  parseCoreTimes,
  parseOpenFilesLimit,
  parseProcessStat,
  parseResidentBytes,
} from '../../../../bench/machine/proc-files.ts'

const STAT =
  '4242 (nginx) S 4200 4242 4242 0 -1 4194304 100 7 0 0 1234 567 8 9 20 0 1 0 428684 3133440 383 18446744073709551615'

describe('parseProcessStat', () => {
  it('reads the parent and the sum of user and system time', () => {
    expect(parseProcessStat(STAT)).toEqual({ parent: 4200, cpuMs: 18_010 })
  })

  it('is not misled by a name with spaces and brackets', () => {
    const stat = STAT.replace('(nginx)', '(a) R 1 (b 2)')
    expect(parseProcessStat(stat)).toEqual({ parent: 4200, cpuMs: 18_010 })
  })

  it('reads this very process', () => {
    const { parent, cpuMs } = parseProcessStat(readFileSync('/proc/self/stat', 'utf8'))
    expect(parent).toBe(process.ppid)
    expect(cpuMs).toBeGreaterThan(0)
  })
})

describe('parseResidentBytes', () => {
  it('reads VmRSS in bytes', () => {
    expect(parseResidentBytes('Name:\tnode\nVmHWM:\t  99 kB\nVmRSS:\t  2048 kB\n')).toBe(2_097_152)
  })

  it('is 0 for a process that has ended and not been waited for', () => {
    expect(parseResidentBytes('Name:\tnginx\nState:\tZ (zombie)\n')).toBe(0)
  })
})

describe('parseCoreTimes', () => {
  const stat =
    'cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 10 1 20 500 3 2 4 7 0 0\ncpu1 1 0 2 3 0 0 0 0 0 0\ncpu10 5 5 5 0 0 0 0 1 0 0\n'

  it('tells what programs used from what the machine underneath took', () => {
    expect(parseCoreTimes(stat, 0)).toEqual({ busyMs: 310, stolenMs: 70 })
  })

  it('does not take core 10 for core 1', () => {
    expect(parseCoreTimes(stat, 1)).toEqual({ busyMs: 30, stolenMs: 0 })
    expect(parseCoreTimes(stat, 10)).toEqual({ busyMs: 150, stolenMs: 10 })
  })

  it('is undefined for a core that is not there', () => {
    expect(parseCoreTimes(stat, 2)).toBeUndefined()
  })
})

describe('parseCoreList', () => {
  it('reads single cores and ranges', () => {
    expect(parseCoreList('0-2,5\n')).toEqual([0, 1, 2, 5])
    expect(parseCoreList('3')).toEqual([3])
    expect(parseCoreList('')).toEqual([])
  })
})

describe('parseOpenFilesLimit', () => {
  const limits = (hard: string) =>
    `Limit                     Soft Limit           Hard Limit           Units\nMax open files            1024                 ${hard}                files\n`

  it('reads the hard limit', () => {
    expect(parseOpenFilesLimit(limits('20000'))).toBe(20_000)
    expect(parseOpenFilesLimit(limits('unlimited'))).toBe(Number.POSITIVE_INFINITY)
  })
})
