// Medians, spreads and ratios on values that can be checked by hand.
import { describe, expect, it } from 'vitest'
import { lowest, median, medianRatio, spread } from '../../../../bench/statistics/statistics.ts'

describe('median', () => {
  it('is the middle value, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5)
  })

  it('is the mean of the two in the middle of an even number', () => {
    expect(median([4, 1, 2, 100])).toBe(3)
  })

  it('sorts by size and not by spelling', () => {
    expect(median([10, 9, 100])).toBe(10)
  })

  it('is no number for no values', () => {
    expect(median([])).toBeNaN()
  })

  it('leaves out what gave no number', () => {
    expect(median([1, Number.NaN, 3])).toBe(2)
  })

  it('leaves the given values in their order', () => {
    const values = [3, 1, 2]
    median(values)
    expect(values).toEqual([3, 1, 2])
  })
})

describe('spread', () => {
  it('is the range as a share of the median', () => {
    expect(spread([8, 10, 13])).toBe(0.5)
  })

  it('is nothing for a single value', () => {
    expect(spread([7])).toBe(0)
  })
})

describe('lowest', () => {
  it('is the smallest number that there is', () => {
    expect(lowest([3, Number.NaN, 2])).toBe(2)
  })
})

describe('medianRatio', () => {
  it('compares round by round before it takes the median', () => {
    // The medians alone would say 30 / 10 = 3.
    expect(medianRatio([20, 30, 80], [10, 5, 40])).toBe(2)
  })

  it('leaves out rounds in which one of the two is missing', () => {
    expect(medianRatio([20, 30], [10])).toBe(2)
    expect(medianRatio([Number.NaN, 30], [10, 10])).toBe(3)
  })

  it('is no number when there is nothing to compare with', () => {
    expect(medianRatio([20, 30], [])).toBeNaN()
  })
})
