import * as z from 'zod';
import { type Failure, failure, type FailureCode, failures } from '../core/failure.ts';

const ProblemBody = z.object({
  code: z.string().refine((code): code is FailureCode => Object.hasOwn(failures, code)),
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

/** What `respondBug` writes: the service is alive, and met a bug. */
const BugBody = z.object({ code: z.literal('internal'), request_id: z.string() });

/** What a service says that does not know the secret it was shown. */
export const wrongSecret = new Set<FailureCode>(['unauthenticated', 'forbidden']);

/** The failure that `http/respond.ts` wrote at the other end; `undefined` when it is none of its. */
export function readProblem(body: unknown, retryAfter?: string): Failure | undefined {
  const problem = ProblemBody.safeParse(body);
  if (!problem.success) return undefined;
  const { code, detail, errors } = problem.data;
  const seconds = Number(retryAfter ?? Number.NaN);
  return failure(code, detail, {
    ...(errors !== undefined && { errors }),
    ...(seconds >= 0 && { retryAfterSeconds: seconds }),
  });
}

export function isBug(body: unknown): boolean {
  return BugBody.safeParse(body).success;
}
