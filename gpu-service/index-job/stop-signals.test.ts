import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { stopBySignals } from './stop-signals.ts';

const logger = { warn: () => {} };

describe('signals', () => {
  it.each(['SIGTERM', 'SIGINT'])(
    '%s lets finish what is under way, and again gives it up',
    (name) => {
      const process = new EventEmitter();
      const { stop, signal } = stopBySignals(process, logger);
      expect(stop.aborted).toBe(false);
      process.emit(name, name);
      expect([stop.aborted, signal.aborted]).toEqual([true, false]);
      process.emit(name, name);
      expect(signal.aborted).toBe(true);
    },
  );

  it('give it up by themselves when it takes too long', async () => {
    const process = new EventEmitter();
    const { stop, signal } = stopBySignals(process, logger, 20);
    process.emit('SIGTERM', 'SIGTERM');
    expect([stop.aborted, signal.aborted]).toEqual([true, false]);
    // The timer keeps no process alive.
    const alive = setInterval(() => {}, 1000);
    await once(signal, 'abort');
    clearInterval(alive);
  });

  it('do what they usually do again afterwards', () => {
    const process = new EventEmitter();
    const signals = stopBySignals(process, logger);
    expect(process.eventNames()).toEqual(['SIGTERM', 'SIGINT']);
    signals.close();
    expect(process.eventNames()).toEqual([]);
  });
});
