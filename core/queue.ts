import type { Async } from './failure.ts';

export interface NewMessage {
  /** At most 256 KB. */
  readonly body: string;
  /** Why it could not be dealt with: `code: sentence`. Of messages in a dead-letter queue. */
  readonly reason?: string | undefined;
}

export interface QueueMessage extends NewMessage {
  readonly id: string;
  /** Unix time in milliseconds. */
  readonly sentAtMs: number;
  /** How often it was received, this time included. */
  readonly receives: number;
  /** What it is removed by; of this receive alone. */
  readonly receipt: string;
}

/** Messages that are delivered at least once, in no particular order. All fails with `queue_unavailable`. */
export interface Queue {
  /** As many as there are; after a failure some may have been sent. */
  send(messages: readonly NewMessage[], signal?: AbortSignal): Async<void>;
  /**
   * Up to ten messages, which nobody else receives for `hideSeconds`. None: there were none within
   * `waitSeconds` (0 to 20).
   */
  receive(options: {
    readonly hideSeconds: number;
    readonly waitSeconds?: number;
    readonly signal?: AbortSignal;
  }): Async<QueueMessage[]>;
  /** They are dealt with. */
  remove(messages: readonly Pick<QueueMessage, 'id' | 'receipt'>[]): Async<void>;
  /** Others may receive them again, from now on. */
  release(messages: readonly Pick<QueueMessage, 'id' | 'receipt'>[]): Async<void>;
  /** About how many there are: to be received, and received but not removed. */
  count(): Async<{ readonly waiting: number; readonly hidden: number }>;
}
