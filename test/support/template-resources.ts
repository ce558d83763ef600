import { Template } from 'aws-cdk-lib/assertions';

export type Resources = Parameters<typeof Template.fromJSON>[0];

/** What the resources of a type are, by their names in the template. */
export function resourcesOf(from: Template | Resources, type: string) {
  const template = from instanceof Template ? from : Template.fromJSON({ Resources: from });
  return template.findResources(type);
}

/** The properties of each resource of a type. */
export function propertiesOf(from: Template | Resources, type: string) {
  return Object.values(resourcesOf(from, type)).map(({ Properties }) => Properties);
}
