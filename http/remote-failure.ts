import * as z from 'zod';
import { type Failure, failure, type FailureCode, failures } from '../core/failure.ts';

const ProblemBody = z.object({
  code: z.string().refine((code): code is FailureCode => Object.hasOwn(failures, code)),
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

/** The failure that `http/respond.ts` wrote at the other end; `undefined` when it is none of its. */
export function readProblem(body: unknown): Failure | undefined {
  const problem = ProblemBody.safeParse(body);
  if (!problem.success) return undefined;
  const { code, detail, errors } = problem.data;
  return failure(code, detail, errors === undefined ? {} : { errors });
}
