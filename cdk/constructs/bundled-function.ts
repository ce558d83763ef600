import { Duration, Validations } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type FunctionProps, functionOptions } from './bundled-function-options.ts';
import { locallyBundled, projectRoot } from './local-bundling.ts';

export interface BundledFunctionProps extends FunctionProps {
  /** A name of `scripts/bundle-targets.ts`. */
  readonly bundle: string;
  /**
   * Invoked by events that nobody waits for: what fails for good then goes to `deadLetters`, and so
   * does what a schedule or a rule can't hand over.
   */
  readonly byEvents?: boolean;
  /** Of an event that fails; two if left out. */
  readonly retries?: number;
}

/** A function made of this project's sources: `npm run bundle`, Node 24, arm64. */
export class BundledFunction extends Construct {
  /** For grants, metrics and `connections`. */
  readonly function: LambdaFunction;
  readonly role: Role;
  /** Undefined unless it is invoked `byEvents`. */
  readonly deadLetters: Queue | undefined;

  constructor(scope: Construct, id: string, props: BundledFunctionProps) {
    super(scope, id);
    this.deadLetters = props.byEvents === true ? deadLetterQueue(this) : undefined;
    const options = functionOptions(this, props);
    this.role = options.role;
    this.function = new LambdaFunction(this, 'Function', {
      ...options,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'lambda.handler',
      code: Code.fromAsset(projectRoot, locallyBundled('scripts/bundle.ts', props.bundle)),
      ...(this.deadLetters && {
        onFailure: new SqsDestination(this.deadLetters),
        retryAttempts: props.retries ?? 2,
        maxEventAge: Duration.hours(1),
      }),
    });
  }
}

/** Where what has failed for good is kept for two weeks, to be looked at. */
export function deadLetterQueue(scope: Construct): Queue {
  const queue = new Queue(scope, 'DeadLetters', {
    retentionPeriod: Duration.days(14),
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
  });
  Validations.of(queue).acknowledge({
    id: 'AwsSolutions-SQS3',
    reason: 'It is itself where a function and its schedule send what has failed for good.',
  });
  return queue;
}
