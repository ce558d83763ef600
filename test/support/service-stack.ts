import { Template } from 'aws-cdk-lib/assertions';
import * as z from 'zod';
import { environments } from '../../cdk/settings.ts';
import { DataStack } from '../../cdk/stacks/data-stack.ts';
import { NetworkStack } from '../../cdk/stacks/network-stack.ts';
import { ServiceStack } from '../../cdk/stacks/service-stack.ts';
import { createTestApp } from './cdk-app.ts';

export const Variables = z.array(z.object({ Name: z.string(), Value: z.unknown() }));

/** What a container is told and given, and whatever else its definition says. */
export const Container = z.looseObject({
  Name: z.string(),
  Environment: Variables.default([]),
  Secrets: z.array(z.object({ Name: z.string(), ValueFrom: z.unknown() })).default([]),
});

/** The stack of the service with those that it refers to, and nothing else. */
export function deployService(name: string) {
  const settings = environments[name];
  if (settings === undefined) throw new Error(`There is no environment ${name}`);
  const app = createTestApp();
  const common = { settings, env: { region: settings.region } };
  const { vpc, balancer } = new NetworkStack(app, `picture-search-${name}-network`, common);
  const data = new DataStack(app, `picture-search-${name}-data`, { ...common, vpc });
  const picturesUrl = 'https://pictures.example/pictures/';
  const props = { ...common, vpc, balancer, data, picturesUrl };
  const stack = new ServiceStack(app, `picture-search-${name}-service`, props);
  return { settings, stack, template: Template.fromStack(stack) };
}

/** In the order of their names. */
export function containers(template: Template, name?: string) {
  const tasks = Object.values(template.findResources('AWS::ECS::TaskDefinition'));
  return tasks
    .flatMap(({ Properties }) => z.array(Container).parse(Properties?.ContainerDefinitions))
    .filter(({ Name }) => name === undefined || Name === name)
    .toSorted((a, b) => a.Name.localeCompare(b.Name));
}

/** Variables with their texts; what is known at deployment alone is some text. */
export function textsOf(container: z.infer<typeof Container> | undefined): Record<string, string> {
  const pairs = container?.Environment.map(({ Name, Value }) => [
    Name,
    typeof Value === 'string' ? Value : 'known-later',
  ]);
  return Object.fromEntries(pairs ?? []);
}
