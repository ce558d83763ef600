import type { Failure } from '../../core/failure.ts';
import type { Result } from '../../core/result.ts';

/** The value of a result that has to be one; a failure ends the test with its own words. */
export function expectOk<T>(result: Result<T, Failure>): T {
  if (result.ok) return result.value;
  throw new Error(`${result.error.code}: ${result.error.detail}`, { cause: result.error.cause });
}

/** The failure of a result that has to be one. */
export function expectFailure(result: Result<unknown, Failure>): Failure {
  if (!result.ok) return result.error;
  throw new Error('Cannot take the failure as there is none', { cause: result.value });
}
