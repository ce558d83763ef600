import { type HubSource, registeredModels } from '../adapters/model-registry.ts';
import { readLock } from '../adapters/model-pull-lock.ts';
import type { Model } from '../cdk/settings.ts';
import { type Check, type Finding, found, missing, unknown } from './deploy-finding.ts';
import type { ModelSettings } from './model-settings.ts';

const what = 'Model';
const hubTimeoutMs = 10_000;

/** Whether the images can be built with the model of the settings: known, locked, and there. */
export function checkModel(
  { id, dimensions, precision }: Model,
  { MODELS_LOCK, HF_ENDPOINT }: Pick<ModelSettings, 'MODELS_LOCK' | 'HF_ENDPOINT'>,
): Check {
  return async (signal) => {
    const model = registeredModels.find((one) => one.id === id);
    if (model === undefined) {
      const known = registeredModels.map((one) => one.id).join(', ');
      return [missing(what, `nobody knows ${id}`, `Choose one of ${known} in cdk/settings.ts.`)];
    }
    const findings: Finding[] = [];
    if (model.dimensions !== dimensions) {
      const says = `cdk/settings.ts says ${dimensions} dimensions, and ${id} has ${model.dimensions}`;
      findings.push(missing(what, says, `Set model.dimensions to ${model.dimensions}.`));
    }
    if ('directory' in model.from) return findings.length > 0 ? findings : [built(id)];
    if (precision !== 'fp32' && model.from.variants?.[precision] === undefined) {
      const has = ['fp32', ...Object.keys(model.from.variants ?? {})].join(', ');
      const says = `${id} is not published as ${precision}`;
      findings.push(missing(what, says, `Set model.precision to one of: ${has}.`));
    }
    const lock = await readLock(MODELS_LOCK);
    if (!lock.ok) return [...findings, missing(what, lock.error.detail, 'Mend the lock file.')];
    const locked = lock.value[id];
    if (locked === undefined) {
      const says = `${id} is not in ${MODELS_LOCK}, so nobody knows which bytes the image gets`;
      const todo = `npm run models -- pull ${id}${precision === 'fp32' ? '' : ` --precision ${precision}`}, and commit ${MODELS_LOCK}.`;
      return [...findings, missing(what, says, todo)];
    }
    findings.push(
      await askHub(HF_ENDPOINT, id, { ...model.from, revision: locked.commit }, signal),
    );
    return findings;
  };
}

function built(id: string): Finding {
  return found(what, `${id} is part of this repository`);
}

/** Asks for the head of one file, as the build of the image will ask for all of it. */
async function askHub(
  endpoint: string,
  id: string,
  { repository, revision, files }: HubSource,
  signal: AbortSignal,
): Promise<Finding> {
  const url = `${endpoint.replace(/\/+$/, '')}/${repository}/resolve/${revision}/${files.text}`;
  const todo = `See whether ${url} answers; HF_ENDPOINT names a mirror.`;
  try {
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(hubTimeoutMs)]);
    const answer = await fetch(url, { method: 'HEAD', signal: timeout });
    if (answer.ok) return found(what, `${id}, locked at ${revision.slice(0, 8)}, is on the hub`);
    const gone = answer.status === 404 || answer.status === 410;
    const says = `the hub answers ${answer.status} for ${id} at ${revision.slice(0, 8)}`;
    return gone ? missing(what, says, todo) : unknown(what, says, todo);
  } catch {
    return unknown(what, `the hub does not answer: ${endpoint}`, todo);
  }
}
