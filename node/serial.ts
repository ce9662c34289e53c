/** Runs tasks one after another: read-check-write sequences that must not interleave. */
export class Serial {
  #tail: Promise<unknown> = Promise.resolve()

  /** Result of the task, after all tasks before it are done; a failed task does not stop later ones. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task, task)
    this.#tail = result.catch(() => undefined)
    return result
  }
}
