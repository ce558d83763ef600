import { expect } from 'vitest';
import * as z from 'zod';

const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string().optional(),
  code: z.string(),
  request_id: z.string().min(8),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

/** The problem that a response is; its form and its status are checked. */
export async function problemOf(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = Problem.parse(await response.json());
  expect(problem.status).toBe(response.status);
  return problem;
}
