import type { buildApp, BuildAppOptions } from 'fauxqs';
import { type Async, failure } from '../../core/failure.ts';
import { imageLimits } from '../../core/image-limits.ts';
import { err, ok } from '../../core/result.ts';
import { encodesListedKeys } from './encoded-keys.ts';
import { listsInKeyOrder } from './key-order.ts';

export type Stores = NonNullable<BuildAppOptions['stores']>;

export interface Fauxqs {
  readonly app: ReturnType<typeof buildApp>;
  readonly stores: Stores;
}

/** What a form has besides its file. */
const formBytes = 1024 * 1024;

/**
 * S3 and SQS of the package of this name, not listening yet. It is a development dependency alone,
 * and so may be missing where the rest is not.
 *
 * @param directory Where objects and messages are kept; left out: in memory.
 */
export async function openFauxqs(directory: string | undefined, region: string): Async<Fauxqs> {
  const loaded = await attempt(() => import('fauxqs'));
  if (!loaded.ok) return loaded;
  const opened = await attempt(() => openStores(directory));
  if (!opened.ok) return opened;
  const { stores, close } = opened.value;
  const { s3Store } = stores;
  s3Store.listObjects = listsInKeyOrder(s3Store.listObjects.bind(s3Store));
  const app = loaded.value.buildApp({ logger: false, defaultRegion: region, stores });
  // Its own limit is less than pictures may have.
  const limit = { parseAs: 'buffer', bodyLimit: imageLimits.bytes + formBytes } as const;
  app.addContentTypeParser(/^/, limit, (_request, body, done) => done(null, body));
  app.addHook('onClose', async () => close());
  encodesListedKeys({ app });
  return ok({ app, stores });
}

/**
 * The package keeps nothing across restarts where its app is built by others, but has all that it
 * takes. Its files are reached beside its entry, as it exports that alone; the lock file fixes them.
 */
async function openStores(directory: string | undefined) {
  const make = async (file: string, name: string, ...args: unknown[]): Promise<unknown> => {
    const url = new URL(file, import.meta.resolve('fauxqs')).href;
    const { [name]: exported } = (await import(url)) as Readonly<Record<string, unknown>>;
    if (typeof exported !== 'function') throw new Error(`${file} has no ${name}`);
    return Reflect.construct(exported, args);
  };
  const stores = {
    sqsStore: (await make('sqs/sqsStore.js', 'SqsStore')) as Stores['sqsStore'],
    snsStore: (await make('sns/snsStore.js', 'SnsStore')) as Stores['snsStore'],
    s3Store: (await make('s3/s3Store.js', 'S3Store')) as Stores['s3Store'],
  };
  if (directory === undefined) return { stores, close: () => undefined };
  const kept = await make('persistence.js', 'PersistenceManager', directory);
  const persistence = kept as NonNullable<Stores['sqsStore']['persistence']>;
  // Before they know it: what is loaded would be written again.
  persistence.load(stores.sqsStore, stores.snsStore, stores.s3Store);
  for (const queue of stores.sqsStore.allQueues()) queue.persistence = persistence;
  stores.sqsStore.persistence = persistence;
  stores.s3Store.persistence = persistence;
  return { stores, close: () => persistence.close() };
}

async function attempt<T>(work: () => Promise<T>): Async<T> {
  try {
    return ok(await work());
  } catch (cause) {
    const isMissing =
      cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND';
    const why = isMissing
      ? 'the development dependency fauxqs is not installed (npm ci brings it, npm ci --omit=dev does not)'
      : `fauxqs does not open: ${String(cause)}`;
    return err(failure('objects_unavailable', `Cannot start the local AWS as ${why}`, { cause }));
  }
}
