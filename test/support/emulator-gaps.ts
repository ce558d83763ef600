import type { Resource } from './emulator-assembly.ts';

const missingTypes: ReadonlySet<string> = new Set([
  // Scaling, machines and their disks: nothing runs on them there.
  'AWS::ApplicationAutoScaling::ScalableTarget',
  'AWS::ApplicationAutoScaling::ScalingPolicy',
  'AWS::Batch::ComputeEnvironment',
  'AWS::Batch::JobDefinition',
  'AWS::Batch::JobQueue',
  'AWS::EC2::Volume',
  // The network has no packets there.
  'AWS::CloudFront::VpcOrigin',
  'AWS::EC2::FlowLog',
  'AWS::EC2::SecurityGroupEgress',
  'AWS::EC2::SecurityGroupIngress',
  'Custom::VpcRestrictDefaultSG',
  // A real Redis stands in for it.
  'AWS::ElastiCache::ServerlessCache',
  // To be looked at by people.
  'AWS::Budgets::Budget',
  'AWS::CloudFront::MonitoringSubscription',
  'AWS::CloudWatch::CompositeAlarm',
  'AWS::Logs::Delivery',
  'AWS::Logs::DeliveryDestination',
  'AWS::Logs::DeliverySource',
  'AWS::WAFv2::LoggingConfiguration',
  // Functions of the CDK's that need what AWS has beside them: its command line, its SDK.
  'Custom::CDKBucketDeployment',
  'Custom::S3AutoDeleteObjects',
]);

/** What the emulator (ministack 1.5.33) does not have; everything else is deployed as it is synthesised. */
export function emulatorGap({ Type, Properties = {} }: Resource): string | undefined {
  if (Type === 'AWS::CloudWatch::Alarm' && 'Metrics' in Properties) return `${Type} with a formula`;
  return missingTypes.has(Type) ? Type : undefined;
}
