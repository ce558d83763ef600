import os from 'node:os';

/** What a measurement was made on: goes into every result file. */
export function describeMachine() {
  return {
    machine: {
      cpu: os.cpus()[0]?.model.trim(),
      cores: os.availableParallelism(),
      memory_gb: Math.round(os.totalmem() / 2 ** 30),
      node: process.version,
    },
    date: new Date().toISOString(),
  };
}
