import type { StackName, TemplateResource, TestStacks } from './cdk-app.ts';

/** A resource with the place where it stands. */
export interface PlacedResource {
  readonly stack: StackName;
  readonly id: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly template: TemplateResource;
  /** For messages: `data Pictures8CDD258B`. */
  readonly name: string;
}

/** Every resource of every stack of an environment. */
export function resourcesOf({ templates }: Pick<TestStacks, 'templates'>): PlacedResource[] {
  return Object.entries(templates).flatMap(([stack, { Resources = {} }]) =>
    Object.entries(Resources).map(([id, template]) => ({
      stack: stack as StackName,
      id,
      type: template.Type,
      properties: template.Properties ?? {},
      template,
      name: `${stack} ${id}`,
    })),
  );
}

/** Whether a part of a template refers to a resource, of its own stack or of another. */
export function refersTo(value: unknown, { id }: Pick<PlacedResource, 'id'>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, inner]: [string, unknown]) => {
    if (key === 'Ref') return inner === id;
    if (key === 'Fn::GetAtt') return Array.isArray(inner) && inner[0] === id;
    // The name of an output of another stack has the resource's in it, and then a hash.
    if (key === 'OutputName') return typeof inner === 'string' && inner.includes(id);
    return refersTo(inner, { id });
  });
}

export interface Statement {
  readonly of: PlacedResource;
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly unknown[];
  readonly principal: unknown;
  readonly condition: unknown;
}

/** Every statement of every policy: of roles, buckets, queues, keys, topics. */
export function statementsOf(resources: readonly PlacedResource[]): Statement[] {
  return resources.flatMap((of) =>
    documentsIn(of.properties).flatMap((document) =>
      listOf(document['Statement']).map((each) => {
        const statement = each as Record<string, unknown>;
        return {
          of,
          effect: String(statement['Effect']),
          actions: listOf(statement['Action']).map(String),
          resources: listOf(statement['Resource']),
          principal: statement['Principal'],
          condition: statement['Condition'],
        };
      }),
    ),
  );
}

/** Objects that have statements, however deep: also the endpoints' and the roles' inline policies. */
function documentsIn(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(documentsIn);
  return 'Statement' in value ? [value as Record<string, unknown>, ...inner] : inner;
}

export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** Every text in a part of a template. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}
