import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';

/**
 * What a process is told. Both together are `satisfies EnvOf<typeof SomeConfig>`, so that a variable
 * which a config gains does not compile until somebody has decided about it. Empty texts count as not
 * set, and are not deployed.
 */
export interface ProcessEnvironment {
  readonly text: Readonly<Record<string, string>>;
  /** By the variable that the process reads: a function asks for it when it starts, a container is given it. */
  readonly secrets: Readonly<Record<string, ISecret>>;
}

/** Variables that keep the default of the code. */
export function defaults<Name extends string>(...names: readonly Name[]): Record<Name, ''> {
  return Object.fromEntries(names.map((name) => [name, ''])) as Record<Name, ''>;
}

/** Names of secrets, for the check that every variable is decided about. */
export function named<Secrets extends Readonly<Record<string, ISecret>>>(
  secrets: Secrets,
): Record<keyof Secrets & string, string> {
  return Object.fromEntries(Object.keys(secrets).map((name) => [name, 'secret'])) as Record<
    keyof Secrets & string,
    string
  >;
}

/** What is really set: no empty texts. */
export function setTexts(text: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(text).filter(([, value]) => value !== ''));
}
