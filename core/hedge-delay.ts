import { percentile } from './rolling-window.ts';

/** How long a first attempt may be silent before a second one is worth its price. */
export interface HedgeDelay {
  /** How long an answer took. */
  observe(milliseconds: number): void;
  delayMs(): number;
}

export interface HedgeDelayOptions {
  /** Below this, silence is a pause of a garbage collector or a full batch, not a lost packet. */
  readonly floorMs?: number;
  /** While too few answers were seen to know what is usual. */
  readonly unknownMs?: number;
  /** So many times the p95 of the recent answers. */
  readonly factor?: number;
}

const remembered = 128;
const enough = 20;
/** The percentile is looked up once for so many answers: sorting is not for free. */
const renewEvery = 16;

export function createHedgeDelay(options: HedgeDelayOptions = {}): HedgeDelay {
  const { floorMs = 100, unknownMs = 1000, factor = 3 } = options;
  const recent = new Float64Array(remembered);
  let seen = 0;
  let delay = unknownMs;
  return {
    observe(milliseconds) {
      recent[seen % remembered] = milliseconds;
      seen += 1;
      if (seen < enough || (seen !== enough && seen % renewEvery !== 0)) return;
      const sorted = recent.slice(0, Math.min(seen, remembered)).sort();
      delay = Math.max(floorMs, factor * percentile(sorted, 95));
    },
    delayMs: () => delay,
  };
}
