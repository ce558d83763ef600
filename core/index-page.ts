import { inBatches } from './batches.ts';
import { abortFailure, type Async } from './failure.ts';
import { imageIdAt } from './image-metadata.ts';
import { makePoints } from './index-make.ts';
import { type Ask, type Plan, survey } from './index-survey.ts';
import { changing, failedOutcome, type IndexWork, type Step, type Task } from './index-work.ts';
import { writeChanges } from './index-write.ts';
import type { Outcome } from './indexer.ts';
import { err, ok } from './result.ts';

/** A file that changes more often than this while it is looked at is somebody else's work in hand. */
const maxRounds = 3;

/** Brings the index up to the state of these files; of what has changed meanwhile, once more. */
export async function bringPage(
  work: IndexWork,
  asks: readonly Ask[],
  signal?: AbortSignal,
): Async<Outcome[]> {
  const outcomes = new Map<string, Outcome>();
  let open = asks;
  for (let round = 1; round <= maxRounds && open.length > 0; round += 1) {
    const steps = await bringOnce(work, open, signal);
    if (!steps.ok) return steps;
    // What was written here may have been the last word on a thumbnail, whatever the record says now.
    open = steps.value.flatMap((step) =>
      step.kind === 'again' ? [{ key: step.key, redo: true }] : [],
    );
    for (const step of steps.value) {
      if (step.kind === 'done') outcomes.set(step.outcome.path, step.outcome);
    }
  }
  return ok(
    asks.map(({ key }) => {
      const id = imageIdAt(work.objects.root, key);
      return outcomes.get(key) ?? failedOutcome(id, key, changing(key));
    }),
  );
}

async function bringOnce(
  work: IndexWork,
  asks: readonly Ask[],
  signal: AbortSignal | undefined,
): Async<Step[]> {
  const plans = await survey(work, asks, signal);
  if (!plans.ok) return plans;
  const tasks = plans.value.flatMap((plan) => (plan.kind === 'make' ? [plan.task] : []));
  const parts = await Promise.all([
    bringWithoutFiles(work, plans.value, signal),
    ...(await inFileBatches(work, tasks)).map((batch) => bringBatch(work, batch, signal)),
  ]);
  const steps: Step[] = [];
  for (const part of parts) {
    if (!part.ok) return part;
    steps.push(...part.value);
  }
  const failed = steps.some((step) => step.kind === 'done' && step.outcome.outcome === 'failed');
  return failed && signal?.aborted ? err(abortFailure(signal)) : ok(steps);
}

/** All that needs no file to be read. */
async function bringWithoutFiles(
  work: IndexWork,
  plans: readonly Plan[],
  signal: AbortSignal | undefined,
): Async<Step[]> {
  const described = await describeAnew(work, plans.filter(isDescription), signal);
  if (!described.ok) return described;
  const planned = plans.flatMap((plan) =>
    plan.kind === 'make' || plan.kind === 'describe' ? [] : [plan],
  );
  return writeSteps(work, [...planned, ...described.value], signal);
}

async function bringBatch(
  work: IndexWork,
  tasks: readonly Task[],
  signal: AbortSignal | undefined,
): Async<Step[]> {
  const make = () => makePoints(work, tasks, signal);
  const made = await work.room.run(weightOf(work, tasks), make, signal);
  return made.ok ? writeSteps(work, made.value, signal) : made;
}

/** Those that ask for it are written, the others stay. */
async function writeSteps(
  work: IndexWork,
  steps: readonly Step[],
  signal: AbortSignal | undefined,
): Async<Step[]> {
  const changes = steps.flatMap((step) => (step.kind === 'change' ? [step.change] : []));
  if (changes.length === 0) return ok([...steps]);
  const written = await writeChanges(work, changes, signal);
  if (!written.ok) return written;
  return ok([...steps.filter((step) => step.kind !== 'change'), ...written.value]);
}

type Description = Extract<Plan, { kind: 'describe' }>;

function isDescription(plan: Plan): plan is Description {
  return plan.kind === 'describe';
}

/** New records round the stored vectors. */
async function describeAnew(
  { store, objects: { root } }: IndexWork,
  plans: readonly Description[],
  signal: AbortSignal | undefined,
): Async<Step[]> {
  if (plans.length === 0) return ok([]);
  const vectors = await store.vectors(
    plans.map(({ task }) => task.id),
    signal,
  );
  if (!vectors.ok) return vectors;
  return ok(
    plans.map(({ task: { id, info, known, rejected }, metadata }): Step => {
      const { key, version } = info;
      const vector = vectors.value.get(id);
      if (vector === undefined) return { kind: 'again', key };
      const origin = { ...known?.origin, root, key, version };
      const point = { record: { id, metadata, origin }, vector };
      const removes = rejected ? (['reject'] as const) : [];
      const outcome = { id, path: key, outcome: 'indexed' } as const;
      return { kind: 'change', change: { id, key, seen: info, point, removes, outcome } };
    }),
  );
}

function inFileBatches({ batch }: IndexWork, tasks: readonly Task[]): Promise<Task[][]> {
  return Array.fromAsync(inBatches(tasks, batch, ({ info }) => info.bytes));
}

/** Every batch counts for a share of the room, so that only so many are under way. */
function weightOf({ batch }: IndexWork, tasks: readonly Task[]): number {
  const bytes = tasks.reduce((sum, { info }) => sum + info.bytes, 0);
  return Math.max(bytes, batch.maxWeight);
}
