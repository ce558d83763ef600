import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

/**
 * Where alarms go: encrypted, over TLS alone, to one address. The key is our own, as CloudWatch may not
 * use the one that SNS has for everybody.
 */
export class AlarmsTopic extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, props: { readonly alarmEmail: string }) {
    super(scope, id);
    const key = new Key(this, 'Key', {
      description: 'Encrypts what alarms say',
      enableKeyRotation: true,
    });
    this.topic = new Topic(this, 'Topic', { masterKey: key, enforceSSL: true });
    const { account } = Stack.of(this);
    const cloudWatch = {
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      conditions: { StringEquals: { 'aws:SourceAccount': account } },
    };
    // In a key's own policy every resource is that key.
    const use = ['kms:Decrypt', 'kms:GenerateDataKey'];
    key.addToResourcePolicy(new PolicyStatement({ ...cloudWatch, actions: use, resources: ['*'] }));
    const { topicArn } = this.topic;
    // A topic with a policy of its own has lost the one that lets everything of its account publish.
    this.topic.addToResourcePolicy(
      new PolicyStatement({ ...cloudWatch, actions: ['sns:Publish'], resources: [topicArn] }),
    );
    this.topic.addSubscription(new EmailSubscription(props.alarmEmail));
  }
}
