import type { CalibrationReport } from './calibrate.ts';
import { formatTable } from './text-table.ts';

/** For people: the curve, and what it said of results that it had not seen. */
export function formatCalibration(report: CalibrationReport & { readonly model: string }): string {
  const { model, queries, calibration, held_out: held, kinds } = report;
  const bins = formatTable(
    ['confidence', 'results', 'said', 'right'],
    held.bins.map(({ from, to, results, confidence, right }) => [
      `${from.toFixed(1)}-${to.toFixed(1)}`,
      String(results),
      results === 0 ? '-' : confidence.toFixed(3),
      results === 0 ? '-' : right.toFixed(3),
    ]),
  );
  const parts = formatTable(
    ['texts', 'results', 'right', 'error'],
    Object.entries(kinds).map(([kind, { results, right, ...quality }]) => [
      kind,
      String(results),
      right.toFixed(3),
      quality.expected_calibration_error.toFixed(3),
    ]),
  );
  const { slope, middle } = calibration;
  const error = held.expected_calibration_error.toFixed(3);
  return `${model}: slope ${slope}, middle ${middle}; ${queries} texts, every other one held out; expected calibration error there ${error}\n\n${bins}\n\n${parts}\n`;
}
