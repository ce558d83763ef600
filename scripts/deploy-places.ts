import {
  DescribeAvailabilityZonesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeManagedPrefixListsCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import type { Settings } from '../cdk/settings.ts';
import { askAws, type Check, found, missing, notSaid } from './deploy-finding.ts';

/**
 * Zones, by what they are called in every account, where CloudFront's VPC origins do not work. The same
 * name, such as us-east-1a, is another zone in another account.
 */
const unreachable: ReadonlySet<string> = new Set([
  'apne1-az3',
  'apne2-az1',
  'cac1-az3',
  'use1-az3',
  'usw1-az2',
]);

/** Whether the zones of the settings are those of this account. */
export function checkZones(ec2: EC2Client, { zones, region }: Settings): Check {
  const what = `Zones of ${region}`;
  return async (signal) => {
    const asked = await askAws('EC2', signal, (abortSignal) =>
      ec2.send(new DescribeAvailabilityZonesCommand({}), { abortSignal }),
    );
    if (!asked.ok) return [notSaid(what, asked.error, 'ec2:DescribeAvailabilityZones')];
    const open = (asked.value.AvailabilityZones ?? []).filter(({ State }) => State === 'available');
    const names = new Set(open.map(({ ZoneName }) => ZoneName));
    const good = open.filter(({ ZoneId = '' }) => !unreachable.has(ZoneId));
    const choice = good.map(({ ZoneName = '' }) => ZoneName).toSorted();
    const todo = `Choose zones in cdk/settings.ts out of: ${choice.join(', ')}.`;
    const gone = zones.filter((zone) => !names.has(zone));
    if (gone.length > 0) {
      return [missing(what, `not there for this account: ${gone.join(', ')}`, todo)];
    }
    const far = open.filter(
      ({ ZoneName = '', ZoneId = '' }) => zones.includes(ZoneName) && unreachable.has(ZoneId),
    );
    if (far.length === 0) return [found(what, zones.join(', '))];
    const said = far.map(({ ZoneName, ZoneId }) => `${ZoneName} (${ZoneId})`).join(', ');
    return [missing(what, `CloudFront can't reach a load balancer in ${said}`, todo)];
  };
}

/** The types of machines that the settings name, and the zones that must have them. */
function instancePlaces({
  zones,
  service,
  qdrant,
  backfill,
}: Settings): ReadonlyMap<string, readonly string[]> {
  const places = new Map<string, Set<string>>();
  const need = (type: string, where: readonly string[]) => {
    const known = places.get(type) ?? new Set();
    places.set(type, new Set([...known, ...where]));
  };
  if (service.kind === 'gpu') need(service.instanceType, zones);
  // Its volume is in the first zone, and so it is.
  if (qdrant.kind === 'own') need(qdrant.instanceType, [zones[0]]);
  need(backfill.instanceType, [zones[0]]);
  return new Map([...places].map(([type, where]) => [type, [...where]]));
}

/** Whether every type of machine can be had where it is to stand. */
export function checkInstanceTypes(ec2: EC2Client, settings: Settings): Check {
  const places = instancePlaces(settings);
  return async (signal) => {
    const asked = await askAws('EC2', signal, (abortSignal) =>
      ec2.send(
        new DescribeInstanceTypeOfferingsCommand({
          LocationType: 'availability-zone',
          Filters: [{ Name: 'instance-type', Values: [...places.keys()] }],
        }),
        { abortSignal },
      ),
    );
    if (!asked.ok) {
      const permission = 'ec2:DescribeInstanceTypeOfferings';
      return [notSaid('Machine types', asked.error, permission)];
    }
    const offered = (asked.value.InstanceTypeOfferings ?? []).map(
      ({ InstanceType, Location }) => `${InstanceType} ${Location}`,
    );
    return [...places].map(([type, zones]) => {
      const what = `Machines ${type}`;
      const without = zones.filter((zone) => !offered.includes(`${type} ${zone}`));
      if (without.length === 0) return found(what, `offered in ${zones.join(', ')}`);
      const has = offered
        .filter((offer) => offer.startsWith(`${type} `))
        .map((offer) => offer.slice(type.length + 1));
      const todo = `Choose another type or other zones in cdk/settings.ts; it is offered in: ${has.toSorted().join(', ') || 'no zone of this region'}.`;
      return missing(what, `not offered in ${without.join(', ')}`, todo);
    });
  };
}

const originFacing = 'com.amazonaws.global.cloudfront.origin-facing';

/** Whether the addresses that may reach the load balancer are those of CloudFront. */
export function checkPrefixList(ec2: EC2Client, settings: Settings): Check {
  const { originFacingPrefixList: given, region } = settings;
  const what = 'Addresses of CloudFront';
  return async (signal) => {
    const asked = await askAws('EC2', signal, (abortSignal) =>
      ec2.send(
        new DescribeManagedPrefixListsCommand({
          Filters: [{ Name: 'prefix-list-name', Values: [originFacing] }],
        }),
        { abortSignal },
      ),
    );
    if (!asked.ok) return [notSaid(what, asked.error, 'ec2:DescribeManagedPrefixLists')];
    const lists = asked.value.PrefixLists ?? [];
    const right = lists.find(({ PrefixListName }) => PrefixListName === originFacing);
    if (right?.PrefixListId === given) return [found(what, `prefix list ${given}`)];
    const says = `cdk/settings.ts has ${given}, and in ${region} it is ${right?.PrefixListId ?? 'not known'}`;
    const todo = `Set originFacingPrefixList to ${right?.PrefixListId ?? `the id of ${originFacing}`}.`;
    return [missing(what, says, todo)];
  };
}
