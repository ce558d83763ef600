import type { Settings } from '../../cdk/settings.ts';
import type { AwsAction, AwsActions } from './aws-answers.ts';

/** Of the types that the settings name, and of some that they could. */
const vcpus: Readonly<Record<string, number>> = {
  'g6.xlarge': 4,
  'g6.2xlarge': 8,
  't4g.medium': 2,
  'r7g.large': 2,
  'r7g.2xlarge': 8,
};

const items = (list: readonly string[]) => list.map((one) => `<item>${one}</item>`).join('');
const tag = (name: string, value: string | number) => `<${name}>${value}</${name}>`;

function listed(parameters: Readonly<Record<string, unknown>>, name: RegExp): string[] {
  return Object.entries(parameters)
    .filter(([key]) => name.test(key))
    .map(([, value]) => String(value));
}

/** What AWS says of an account that has everything which an environment needs. */
export function readyAccount({ zones, originFacingPrefixList }: Settings): AwsActions {
  return {
    GetCallerIdentity: () => ({
      body: `${tag('Account', '123456789012')}${tag('UserId', 'U')}${tag('Arn', 'arn:aws:sts::123456789012:assumed-role/deploy/somebody')}`,
    }),
    GetParameter: () => ({ body: { Parameter: { Value: '28' } } }),
    GetServiceQuota: () => ({ body: { Quota: { Value: 1000 } } }),
    DescribeInstanceTypes: (parameters) => ({
      body: tag('instanceTypeSet', items(typesOf(parameters))),
    }),
    DescribeAvailabilityZones: () => ({
      body: tag(
        'availabilityZoneInfo',
        items(
          zones.map(
            (zone) =>
              `${tag('zoneName', zone)}${tag('zoneId', 'use1-az6')}${tag('zoneState', 'available')}`,
          ),
        ),
      ),
    }),
    DescribeInstanceTypeOfferings: offering(zones),
    DescribeManagedPrefixLists: () => ({
      body: tag(
        'prefixListSet',
        items([
          `${tag('prefixListId', originFacingPrefixList)}${tag('prefixListName', 'com.amazonaws.global.cloudfront.origin-facing')}`,
        ]),
      ),
    }),
    DescribeSecret: ({ SecretId }) => ({ body: { Name: SecretId } }),
  };
}

/** All types of machines, in these zones alone. */
export function offering(zones: readonly string[]): AwsAction {
  return (parameters) => {
    const types = listed(parameters, /^Filter\.\d+\.Value\.\d+$/);
    const offers = types.flatMap((type) =>
      zones.map((zone) => `${tag('instanceType', type)}${tag('location', zone)}`),
    );
    return { body: tag('instanceTypeOfferingSet', items(offers)) };
  };
}

function typesOf(parameters: Readonly<Record<string, unknown>>): string[] {
  return listed(parameters, /^InstanceType\.\d+$/).map(
    (type) =>
      `${tag('instanceType', type)}${tag('vCpuInfo', tag('defaultVCpus', vcpus[type] ?? 4))}`,
  );
}
