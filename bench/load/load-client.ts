// The benchmark's side of the generator: one process, kept for the whole run so that its own speed is steady.
import { fileURLToPath } from 'node:url'
import { type Child, childFailure, startChild } from '../processes/child.ts'
import type { Order, Orders, ReportMessage } from './orders.ts'

export interface LoadClient {
  readonly pid: number
  carryOut<O extends Order>(order: O): Promise<Orders[O['kind']]['report']>
  stop(): Promise<void>
}

export function startLoadClient(): LoadClient {
  const script = fileURLToPath(new URL('./generator.ts', import.meta.url))
  const child = startChild('generator', { program: process.execPath, args: [script] }, { ipc: true })
  let nextId = 0
  return {
    pid: child.pid,
    carryOut: (order) => carryOut(child, { id: ++nextId, order }),
    stop: () => child.stop(),
  }
}

function carryOut<R>(child: Child, message: { readonly id: number; readonly order: Order }): Promise<R> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      child.process.off('message', onMessage)
      child.process.off('exit', onExit)
    }
    const onMessage = ({ id, report, error }: ReportMessage): void => {
      if (id !== message.id) return
      settle()
      if (error === undefined) resolve(report as R)
      else reject(new Error(`${message.order.kind}: ${error}`))
    }
    const onExit = (): void => {
      settle()
      reject(childFailure(child, 'ended'))
    }
    child.process.on('message', onMessage)
    child.process.on('exit', onExit)
    child.process.send(message)
  })
}
