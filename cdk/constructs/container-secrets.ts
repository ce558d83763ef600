import { Secret } from 'aws-cdk-lib/aws-ecs';
import type { ProcessEnvironment } from '../environment.ts';

/** The secrets of a process as ECS gives them to a container: by variable. */
export function containerSecrets({ secrets }: ProcessEnvironment): Record<string, Secret> {
  const named = Object.entries(secrets).map(([variable, secret]) => {
    return [variable, Secret.fromSecretsManager(secret)] as const;
  });
  return Object.fromEntries(named);
}
