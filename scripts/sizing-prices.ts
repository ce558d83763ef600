export interface InstanceType {
  readonly name: string;
  readonly memoryGib: number;
  readonly cores: number;
  /** On demand, Linux, USD. */
  readonly hourly: number;
}

/**
 * Public list prices, on demand, without any discount: check them before you decide. Memory-optimized
 * instances, as memory is what is needed.
 */
export const prices = {
  region: 'us-east-1',
  date: '2025-01',
  /** Block storage, per GB and month (EBS gp3, its included IOPS). */
  diskPerGbMonth: 0.08,
  hoursPerMonth: 730,
  instances: [
    { name: 'r7g.large', memoryGib: 16, cores: 2, hourly: 0.1071 },
    { name: 'r7g.xlarge', memoryGib: 32, cores: 4, hourly: 0.2142 },
    { name: 'r7g.2xlarge', memoryGib: 64, cores: 8, hourly: 0.4284 },
    { name: 'r7g.4xlarge', memoryGib: 128, cores: 16, hourly: 0.8568 },
    { name: 'r7g.8xlarge', memoryGib: 256, cores: 32, hourly: 1.7136 },
    { name: 'r7g.12xlarge', memoryGib: 384, cores: 48, hourly: 2.5704 },
    { name: 'r7g.16xlarge', memoryGib: 512, cores: 64, hourly: 3.4272 },
  ] satisfies readonly InstanceType[] as readonly InstanceType[],
} as const;
