import type { AwsAction, AwsActions } from './aws-answers.ts';
import { refusals } from './aws-answers.ts';

/** Secrets Manager as far as it keeps values, the one before, and tags. */
export interface SecretsOfAws {
  readonly actions: AwsActions;
  current(id: string): string | undefined;
  tags(id: string): unknown;
  /** As if somebody else had. */
  write(id: string, value: string): void;
  forget(id: string): void;
  /** How often somebody wrote over the wire. */
  writes(): number;
}

interface Kept {
  readonly values: readonly string[];
  readonly tags: unknown;
}

export function createSecretsOfAws(): SecretsOfAws {
  const kept = new Map<string, Kept>();
  let writes = 0;
  const write = (id: string, value: string, tags?: unknown) => {
    const before = kept.get(id);
    kept.set(id, { values: [...(before?.values ?? []), value], tags: tags ?? before?.tags });
  };
  /** With what is kept under the name that the request has. */
  const of =
    (
      answer: (secret: Kept, id: string, parameters: Parameters<AwsAction>[0]) => object,
    ): AwsAction =>
    (parameters, region) => {
      const id = String(parameters['SecretId']);
      const secret = kept.get(id);
      if (secret === undefined) return refusals.absent(parameters, region);
      return { body: answer(secret, id, parameters) };
    };
  return {
    actions: {
      DescribeSecret: of((_, Name) => ({ Name, LastChangedDate: 1_760_000_000 })),
      GetSecretValue: of(({ values }, Name, { VersionStage }) => ({
        Name,
        SecretString: values.at(VersionStage === 'AWSPREVIOUS' ? -2 : -1),
      })),
      PutSecretValue: of((_, id, { SecretString }) => {
        writes += 1;
        write(id, String(SecretString));
        return {};
      }),
      CreateSecret: ({ Name, SecretString, Tags }) => {
        writes += 1;
        write(String(Name), String(SecretString), Tags);
        return { body: { Name } };
      },
    },
    current: (id) => kept.get(id)?.values.at(-1),
    tags: (id) => kept.get(id)?.tags,
    write,
    forget: (id) => void kept.delete(id),
    writes: () => writes,
  };
}
