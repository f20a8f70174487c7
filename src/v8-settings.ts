// Settings of V8 for a process that forwards: made here, because nobody types flags before a command that npm installs.
import { availableParallelism } from 'node:os'
import { setFlagsFromString } from 'node:v8'

export function tuneMemory(): void {
  keepExchangesYoung()
  keepYoungSpaceSmall()
  collectBuffersEarly()
  markSeldom()
  if (availableParallelism() === 1) collectByOneThread()
}

/**
 * V8 learns that some objects outlive a young collection, here those of the requests in flight, and from then on makes
 * all of their kind in the old space. A dead exchange there keeps what it points to alive until a full collection:
 * 28 % of each young collection survived, and a full one ran about every two seconds. Without it the heap came back to the
 * same size after each young collection. CPU per request: median 86 against 101 us of three interleaved starts each, on
 * a loaded machine where single starts spread from 71 to 140.
 */
function keepExchangesYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
}

/**
 * Where there is much memory, V8 lets its young space grow to 2 x 64 MB, and a young collection while a large config is
 * built copies most of that in one go. Kept at the size that starting has made it: a reload of 10,000 routes held the
 * event loop for 15 instead of 27 ms at worst, and the process took 175 instead of 210 MB under load, for the same CPU
 * per request (medians 52.8 and 52.1 us of four interleaved starts each).
 */
function keepYoungSpaceSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}

/**
 * Each chunk of a body is a buffer outside of the heap, and V8 lets dead ones pile up to several times this many
 * megabytes before a young collection. With its default of 32 the process grew by up to 57 MB while it passed on 1 GB,
 * with 4 by up to 16, for 2.3 instead of 3.5 to 4 s of CPU: fewer bytes go through the caches. Small requests cost the
 * same.
 */
function collectBuffersEarly(): void {
  setFlagsFromString('--scavenger-max-new-space-capacity-mb=4')
}

/**
 * V8 marks the whole heap again once it has grown by a tenth or two where that is slow, and buffers outside count: while
 * 500 clients that read slowly connect within 10 s that was once a second, 30 to 40 ms each with both cores busy. At twice
 * what lives the 99th percentile of others was meanwhile 9 instead of 14 ms, and when 1,500 slow clients connected at once,
 * 503 instead of 1,313 of the first 4,800 requests took more than 5 ms (medians of three interleaved starts each). CPU per
 * small request and memory under load stayed the same.
 */
function markSeldom(): void {
  setFlagsFromString('--heap-growing-percent=100')
}

/**
 * On the one core that the requests have too, four threads of V8 that mark, copy and sweep are no help: they take it away in
 * turn, and what the main thread did meanwhile lasted up to 24 ms a step. Marking beside the requests stays, by one thread
 * (that is what the first one means). The longest step was 4 ms then, young collections the same or shorter.
 */
function collectByOneThread(): void {
  setFlagsFromString('--optimize-gc-for-battery')
  setFlagsFromString('--no-parallel-scavenge')
  setFlagsFromString('--no-concurrent-sweeping')
}
