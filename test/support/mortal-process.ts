/** What a process does from one moment to the next: it may end in between, and never goes on then. */
export interface MortalProcess {
  /** The same port, each call of which is a step of the process. */
  ofProcess<T extends object>(port: T): T;
  /** Rejects when the process ends; never resolves. */
  readonly death: Promise<never>;
  isDead(): boolean;
}

export interface MortalProcessOptions {
  /** With which step it ends; `Infinity`: never. */
  readonly diesAtStep: number;
  /** Whether what the last step asks for is done all the same. */
  readonly lastStepIsDone: boolean;
}

const never = new Promise<never>(() => {});

/**
 * A process that is killed: none of its calls comes back from then on, so that nothing behind them
 * happens, as after `kill -9`, though the code of it is still in memory.
 */
export function createMortalProcess(options: MortalProcessOptions): MortalProcess {
  const { promise: death, reject } = Promise.withResolvers<never>();
  death.catch(() => undefined);
  let steps = 0;
  let dead = false;

  async function step(call: () => unknown): Promise<unknown> {
    if (dead) return never;
    steps += 1;
    if (steps < options.diesAtStep) {
      const value = await call();
      return dead ? never : value;
    }
    dead = true;
    if (options.lastStepIsDone) await call();
    reject(new Error('The process was killed'));
    return never;
  }

  return {
    ofProcess: (port) =>
      new Proxy(port, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name);
          if (typeof value !== 'function') return value;
          return (...args: unknown[]) => step(() => Reflect.apply(value, target, args));
        },
      }),
    death,
    isDead: () => dead,
  };
}
