import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';

/** Names of secrets that `npm run deploy` makes before the stacks, and asks a person for. */
export interface Secrets {
  /** Made by the stack. What edge and service know each other by. */
  readonly service: ISecret;
  /** `API_KEYS`: hashes of keys, as JSON. */
  readonly apiKeys: ISecret;
  /** The key that the benchmark and the smoke test search with. */
  readonly benchmarkKey: ISecret;
  /** Where a model explains or re-ranks. */
  readonly openai: ISecret | undefined;
}

export function createSecrets(scope: Construct, { environment, llm }: Settings): Secrets {
  const name = (part: string) => `picture-search/${environment}/${part}`;
  const existing = (id: string, part: string) => Secret.fromSecretNameV2(scope, id, name(part));
  const usesModel = llm.explanations || llm.reranking;
  return {
    service: createServiceSecret(scope, name('service')),
    apiKeys: existing('ApiKeys', 'api-keys'),
    benchmarkKey: existing('BenchmarkKey', 'benchmark-key'),
    openai: usesModel ? existing('OpenAi', 'openai-api-key') : undefined,
  };
}

function createServiceSecret(scope: Construct, secretName: string): Secret {
  const secret = new Secret(scope, 'ServiceSecret', {
    secretName,
    description: 'What edge and service know each other by',
    generateSecretString: { passwordLength: 64, excludePunctuation: true },
    removalPolicy: RemovalPolicy.DESTROY,
  });
  Validations.of(secret).acknowledge({
    id: 'AwsSolutions-SMG4',
    reason:
      'Both ends read it when they start, and take the old one and the new one meanwhile: docs/operations.md has the steps, and secretsVersion does it watched.',
  });
  return secret;
}
