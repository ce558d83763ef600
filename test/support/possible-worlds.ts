import type { WriterStep } from './embedded-store-writer.ts';

/** What a store may have: its model, and for each id the versions that it may be in. */
interface World {
  readonly model: string;
  readonly versions: ReadonlyMap<string, ReadonlySet<number | undefined>>;
}

/**
 * What a writer's store can be, by what it has said. After a step that was cut off there are several
 * possibilities; what the next process finds must be one of them, and all that can be from then on.
 */
export function createWorlds() {
  let worlds: readonly World[] = [{ model: 'a', versions: new Map() }];
  const snapshots = new Map<string, World>();
  const [first] = worlds;

  function after(world: World, step: WriterStep, done: boolean): readonly World[] {
    switch (step.step) {
      case 'upsert':
        return [changed(world, step.ids, step.version, done)];
      case 'remove':
        return [changed(world, step.ids, undefined, done)];
      case 'reindex': {
        const other = { ...world, model: step.model };
        return done ? [other] : [world, other];
      }
      case 'snapshot':
        snapshots.set(step.name, world);
        return [world];
      case 'restore': {
        const kept = snapshots.get(step.name);
        if (kept === undefined) throw new Error(`Nobody took a snapshot ${step.name}`);
        return done ? [kept] : [world, kept];
      }
      default:
        return [world];
    }
  }

  return {
    size: () => (worlds[0] ?? first)?.versions.size ?? 0,
    /** What is wrong with what was found; otherwise nothing. */
    follow(steps: readonly WriterStep[]): string | undefined {
      for (const [index, step] of steps.entries()) {
        if (step.step === 'found') {
          const reasons = worlds.map((world) => differenceTo(world, step));
          if (reasons.every((reason) => reason !== undefined)) return reasons.join('; or ');
          const versions = new Map(step.versions.map(([id, version]) => [id, new Set([version])]));
          worlds = [{ model: step.model, versions }];
        } else {
          const done = steps[index + 1]?.step === 'done';
          worlds = worlds.flatMap((world) => after(world, step, done));
        }
      }
      return undefined;
    },
  };
}

function changed(
  { model, versions }: World,
  ids: readonly string[],
  version: number | undefined,
  done: boolean,
): World {
  const next = new Map(versions);
  for (const id of ids) {
    const before = versions.get(id) ?? [undefined];
    next.set(id, new Set(done ? [version] : [...before, version]));
  }
  return { model, versions: next };
}

function differenceTo(
  { model, versions }: World,
  found: Extract<WriterStep, { readonly step: 'found' }>,
): string | undefined {
  if (found.model !== model) return `the model is ${found.model}, not ${model}`;
  const there = new Map(found.versions);
  for (const id of new Set([...versions.keys(), ...there.keys()])) {
    const allowed = versions.get(id) ?? new Set([undefined]);
    const version = there.get(id);
    if (!allowed.has(version)) return `${id} is ${version}, not ${[...allowed].join(' or ')}`;
  }
  return undefined;
}
