import * as z from 'zod';
import { SearchResponse } from '../core/model.ts';
import { Health } from '../http/health.ts';
import {
  ask,
  failed,
  jsonOf,
  passed,
  post,
  skipped,
  type SmokeCheck,
  whyNot,
} from './smoke-world.ts';

const Problem = z.object({
  type: z.string().min(1),
  title: z.string().min(1),
  status: z.int(),
  code: z.string().min(1),
  request_id: z.string().min(1),
});

const FieldProblem = Problem.extend({
  code: z.literal('invalid_field'),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).min(1),
});

const health: SmokeCheck = {
  name: 'health',
  async look(world) {
    const answer = await ask(world, 'health');
    const text = await answer.clone().text();
    const why = await whyNot(answer, 200, Health);
    if (why !== undefined) return failed(why);
    const { status, model, vector_store, device } = Health.parse(jsonOf(text));
    return passed(`${status}, ${model} on ${device}, ${vector_store}`);
  },
};

const readiness: SmokeCheck = {
  name: 'readiness',
  async look(world) {
    const why = await whyNot(await ask(world, 'readyz'), 200);
    return why === undefined ? passed() : failed(why);
  },
};

function searchCheck(
  name: string,
  begin: (world: Parameters<SmokeCheck['look']>[0]) => Promise<Response>,
): SmokeCheck {
  return {
    name,
    async look(world) {
      const answer = await begin(world);
      const text = await answer.clone().text();
      const why = await whyNot(answer, 200, SearchResponse);
      if (why !== undefined) return failed(why);
      const { results, total, latency_ms: ms } = SearchResponse.parse(jsonOf(text));
      if (results.length > 3) return failed(`${results.length} results in place of 3`);
      if (total !== results.length) return failed(`total is ${total} of ${results.length} results`);
      const scores = results.map(({ score }) => score);
      const sorted = scores.toSorted((a, b) => b - a);
      if (scores.join() !== sorted.join()) return failed('the results are not in order of score');
      return passed(`${total} results, ${ms.toFixed(1)} ms on the server`);
    },
  };
}

const searchByGet = searchCheck('search by GET', (world) => ask(world, 'search?q=a+dog&top_k=3'));
const searchByPost = searchCheck('search by POST', (world) =>
  ask(world, 'search', post({ query: 'a dog', top_k: 3 })),
);

const wrongField: SmokeCheck = {
  name: 'a wrong field is refused by name',
  async look(world) {
    const answer = await ask(world, 'search', post({ query: 'a dog', top_k: 0 }));
    const type = answer.headers.get('content-type') ?? '';
    const why = await whyNot(answer, 422, FieldProblem);
    if (why !== undefined) return failed(why);
    return type.startsWith('application/problem+json') ? passed() : failed(`its type is ${type}`);
  },
};

const wrongBody: SmokeCheck = {
  name: 'a body that is not JSON is refused',
  async look(world) {
    const why = await whyNot(await ask(world, 'search', post('{')), 400, Problem);
    return why === undefined ? passed() : failed(why);
  },
};

const keys: SmokeCheck = {
  name: 'keys are asked for',
  async look(world) {
    if (world.apiKey === undefined) return skipped('no --api-key was given');
    const wrong = `ps_${'A'.repeat(43)}`;
    for (const key of ['none', wrong]) {
      const answer = await ask(world, 'search?q=a+dog&top_k=3', { key });
      const asks = answer.headers.get('www-authenticate') ?? '';
      const why = await whyNot(answer, 401, Problem);
      const which = key === 'none' ? 'without a key' : 'with a wrong key';
      if (why !== undefined) return failed(`${which}: ${why}`);
      if (asks === '') return failed(`${which}: there is no WWW-Authenticate`);
    }
    return passed();
  },
};

const documents: SmokeCheck = {
  name: 'documentation',
  async look(world) {
    const OpenApi = z.object({ openapi: z.string(), paths: z.object({ '/search': z.object({}) }) });
    const why =
      (await whyNot(await ask(world, 'openapi.json'), 200, OpenApi)) ??
      (await whyNot(await ask(world, 'docs'), 200));
    return why === undefined ? passed() : failed(why);
  },
};

/** What the API promises, asked as any caller would. */
export const apiChecks: readonly SmokeCheck[] = [
  health,
  readiness,
  searchByGet,
  searchByPost,
  wrongField,
  wrongBody,
  keys,
  documents,
];
