import { runScript, type RunningScript, startProcess } from './processes.ts';

/** A deployable in a process of its own, ready. */
export interface RunningService extends RunningScript {
  readonly url: string;
  /** Drains it as an orchestrator would. */
  stop(): Promise<void>;
}

type Env = Readonly<Record<string, string>>;

const local = { API_HOST: '127.0.0.1', API_PORT: '0' };

/** The gpu-service with the built-in model, and three small pictures in its index. */
export async function startService(directory: string, env: Env = {}): Promise<RunningService> {
  const indexed = await runScript('index', ['test/fixtures/pictures'], { DATA_DIR: directory });
  if (indexed.code !== 0) throw new Error(`Cannot index: ${indexed.stderr}`);
  return startServiceAgain(directory, env);
}

/** The gpu-service on an index that is there already. */
export async function startServiceAgain(directory: string, env: Env = {}): Promise<RunningService> {
  const started = startProcess('gpu-service/main.ts', [], {
    ...local,
    DATA_DIR: directory,
    ...env,
  });
  return whenReady(started, /.*"Ready to search".*\n/);
}

/** The edge; without keys, unless they are given. */
export async function startEdge(env: Env): Promise<RunningService> {
  const settings = { ...local, API_KEYS_REQUIRED: 'false', ...env };
  return whenReady(startProcess('edge/main.ts', [], settings), /.*"Ready to answer".*\n/);
}

async function whenReady(script: RunningScript, ready: RegExp): Promise<RunningService> {
  const [line] = await script.waitFor(ready);
  const { port } = JSON.parse(line) as { readonly port: number };
  return {
    ...script,
    url: `http://127.0.0.1:${port}`,
    async stop() {
      script.process.kill('SIGTERM');
      await script.finished;
    },
  };
}
