import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { environments, type Settings } from '../../cdk/settings.ts';
import { DataStack } from '../../cdk/stacks/data-stack.ts';
import { createTestApp } from './cdk-app.ts';

/** As much of a resource as tests of data look at. */
export interface DataResource {
  readonly Type: string;
  // What CloudFormation takes is checked by its own schema when the stack is synthesised.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly Properties: any;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: readonly string[];
}

export function settingsOf(name: string, change: Partial<Settings> = {}): Settings {
  const settings = environments[name];
  if (settings === undefined) throw new RangeError(`there is no such environment: ${name}`);
  return { ...settings, ...change };
}

/** The data of an environment, in a network of private subnets, and a later stack that asks it. */
export function createDataStacks(settings: Settings) {
  const app = createTestApp();
  const env = { region: settings.region };
  const vpc = new Vpc(new Stack(app, 'network', { env }), 'Vpc', {
    availabilityZones: [...settings.zones],
    natGateways: 0,
    subnetConfiguration: [{ name: 'private', subnetType: SubnetType.PRIVATE_ISOLATED }],
  });
  const data = new DataStack(app, 'data', { settings, vpc, env });
  const later = new Stack(app, 'later', { env });
  const peer = new SecurityGroup(later, 'Peer', { vpc, allowAllOutbound: false });
  data.cache.allowFrom(peer);
  data.qdrant.allowFrom(peer);
  const resourcesOf = (stack: Stack) => {
    const { Resources = {} } = Template.fromStack(stack).toJSON();
    return Resources as Readonly<Record<string, DataResource>>;
  };
  const resources = resourcesOf(data);
  /** The only one of a type. */
  function one(type: string): readonly [string, DataResource] {
    const [first, ...more] = Object.entries(resources).filter(([, { Type }]) => Type === type);
    if (first === undefined || more.length > 0) throw new RangeError(`not one of ${type}`);
    return first;
  }
  return {
    app,
    data,
    settings,
    resources,
    later: resourcesOf(later),
    /** Name and resource of all of a type. */
    all: (type: string) => Object.entries(resources).filter(([, { Type }]) => Type === type),
    /** Properties of the only one of its type. */
    only: (type: string) => one(type)[1].Properties,
    nameOf: (type: string) => one(type)[0],
  };
}
