import * as Effect from "effect/Effect"
import * as Scheduler from "effect/Scheduler"

/** How long (ms) fibers run before timers, sockets and requests have their turn. */
const turnMillis = 4

/**
 * Effect's scheduler, but fair to the rest of the process. Effect runs fibers as microtasks, one after the other without end
 * while there are any; and where providers, queue and stores are in one process, nothing makes them wait: a request would not
 * be read before the backlog is done. Priorities are not heeded.
 */
class Turns extends Scheduler.MixedScheduler {
  private waiting: Array<Scheduler.Task> = []
  private isPlanned = false
  /** When the turn is over, as performance.now() has it. */
  private end = 0

  constructor() {
    // Not reached: what this would do is done by turns.
    super(Number.POSITIVE_INFINITY)
  }

  override scheduleTask(task: Scheduler.Task): void {
    this.waiting.push(task)
    this.plan()
  }

  private plan(): void {
    if (this.isPlanned) return
    this.isPlanned = true
    if (performance.now() < this.end) queueMicrotask(this.run)
    else setImmediate(this.begin)
  }

  private readonly begin = (): void => {
    this.end = performance.now() + turnMillis
    this.run()
  }

  private readonly run = (): void => {
    this.isPlanned = false
    const tasks = this.waiting
    this.waiting = []
    let done = 0
    for (const task of tasks) {
      if (done > 0 && performance.now() >= this.end) break
      done++
      task()
    }
    if (done < tasks.length) this.waiting = [...tasks.slice(done), ...this.waiting]
    if (this.waiting.length > 0) this.plan()
  }
}

/** Runs an effect, and all fibers it starts, by turns: for processes that do everything themselves. */
export const takingTurns = Effect.withScheduler(new Turns())
