import {
  DescribeInstanceTypesCommand,
  type EC2Client,
  type _InstanceType,
} from '@aws-sdk/client-ec2';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  type ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import type { Settings } from '../cdk/settings.ts';
import { err, ok, type Result } from '../core/result.ts';
import {
  askAws,
  type Check,
  type Finding,
  found,
  missing,
  notSaid,
  type Refusal,
} from './deploy-finding.ts';

interface Quota {
  readonly service: string;
  readonly code: string;
  readonly name: string;
}

const gpuQuota: Quota = { service: 'ec2', code: 'L-DB2E81BA', name: 'On-Demand G and VT' };
const standardQuota: Quota = { service: 'ec2', code: 'L-1216C47A', name: 'On-Demand Standard' };
const lambdaQuota: Quota = { service: 'lambda', code: 'L-B99A9384', name: 'concurrent executions' };

/** Lambda leaves so many to functions that reserve none, and refuses to reserve them. */
const unreserved = 100;

/**
 * Machines that run at the same time at the most, by type: a release at the peak has every task twice.
 * The backfill comes besides; it is counted in vCPUs in the settings themselves.
 */
export function machinesAtMost({ service, qdrant }: Settings): ReadonlyMap<string, number> {
  const machines = new Map<string, number>();
  const need = (type: string, count: number) =>
    machines.set(type, (machines.get(type) ?? 0) + count);
  if (service.kind === 'gpu') {
    const { maxTasks, spareInstances } = service;
    need(service.instanceType, Math.max(2 * maxTasks, maxTasks + spareInstances));
  }
  if (qdrant.kind === 'own') need(qdrant.instanceType, 1);
  return machines;
}

function quotaOf(instanceType: string): Quota {
  return /^(g|vt)\d/.test(instanceType) ? gpuQuota : standardQuota;
}

/** Whether the account may run as many machines of the settings' types as they may come to. */
export function checkMachineQuotas(
  quotas: ServiceQuotasClient,
  ec2: EC2Client,
  settings: Settings,
): Check {
  const machines = machinesAtMost(settings);
  return async (signal) => {
    const asked = await describeTypes(ec2, [...machines.keys()], signal);
    if (!asked.ok) return [notSaid('Quotas', asked.error, 'ec2:DescribeInstanceTypes')];
    const { instanceType, maxVcpus } = settings.backfill;
    const needs = new Map([[quotaOf(instanceType), maxVcpus]]);
    for (const { InstanceType = '', VCpuInfo } of asked.value) {
      const quota = quotaOf(InstanceType);
      const vcpus = (machines.get(InstanceType) ?? 0) * (VCpuInfo?.DefaultVCpus ?? 0);
      needs.set(quota, (needs.get(quota) ?? 0) + vcpus);
    }
    const { region } = settings;
    return Promise.all(
      [...needs].map(([quota, need]) =>
        checkQuota(quotas, { quota, need, unit: 'vCPUs', region }, signal),
      ),
    );
  };
}

/** Nothing is asked about no types: that would be about all of them. */
async function describeTypes(ec2: EC2Client, types: readonly string[], signal: AbortSignal) {
  if (types.length === 0) return ok([]);
  const input = { InstanceTypes: [...types] as _InstanceType[] };
  const asked = await askAws('EC2', signal, (abortSignal) =>
    ec2.send(new DescribeInstanceTypesCommand(input), { abortSignal }),
  );
  return asked.ok ? ok(asked.value.InstanceTypes ?? []) : asked;
}

/** Whether Lambda lets the functions reserve what the settings say: new accounts begin with 10. */
export function checkFunctionQuota(quotas: ServiceQuotasClient, settings: Settings): Check {
  const need = settings.edge.reservedConcurrency + unreserved;
  const { region } = settings;
  return async (signal) => [
    await checkQuota(quotas, { quota: lambdaQuota, need, unit: 'at a time', region }, signal),
  ];
}

async function checkQuota(
  quotas: ServiceQuotasClient,
  asked: {
    readonly quota: Quota;
    readonly need: number;
    readonly unit: string;
    readonly region: string;
  },
  signal: AbortSignal,
): Promise<Finding> {
  const { quota, need, unit, region } = asked;
  const { service, code, name } = quota;
  const what = `Quota ${name} (${code})`;
  const value = await readQuota(quotas, quota, signal);
  if (!value.ok) return notSaid(what, value.error, 'servicequotas:GetServiceQuota');
  if (value.value >= need) return found(what, `${value.value} ${unit}, ${need} needed at the most`);
  const todo = `aws service-quotas request-service-quota-increase --region ${region} --service-code ${service} --quota-code ${code} --desired-value ${need} (days may pass), or less in cdk/settings.ts.`;
  return missing(what, `${value.value} ${unit}, and ${need} are needed at the most`, todo);
}

/** What the account has, or what every account has where nobody changed it. */
async function readQuota(
  quotas: ServiceQuotasClient,
  { service, code }: Quota,
  signal: AbortSignal,
): Promise<Result<number, Refusal>> {
  const input = { ServiceCode: service, QuotaCode: code };
  const own = await askAws('Service Quotas', signal, (abortSignal) =>
    quotas.send(new GetServiceQuotaCommand(input), { abortSignal }),
  );
  if (own.ok) return ok(own.value.Quota?.Value ?? 0);
  if (own.error.kind !== 'absent') return own;
  const usual = await askAws('Service Quotas', signal, (abortSignal) =>
    quotas.send(new GetAWSDefaultServiceQuotaCommand(input), { abortSignal }),
  );
  return usual.ok ? ok(usual.value.Quota?.Value ?? 0) : err(usual.error);
}
