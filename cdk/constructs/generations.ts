import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  Function,
  type FunctionAssociation,
  FunctionCode,
  FunctionEventType,
  FunctionRuntime,
  ImportSource,
  KeyValueStore,
} from 'aws-cdk-lib/aws-cloudfront';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

/** What the store has before anything was published: a generation like any other. */
const first = { data: [{ key: 'generation', value: '0' }] };

/**
 * CloudFront's own knowledge of the index: a store of keys with its generation, which
 * `functions/publish-generation` writes, and the functions that put it into the key of kept answers.
 */
export class Generations extends Construct {
  readonly arn: string;
  /** Of every behaviour that keeps answers of the edge. */
  readonly associations: FunctionAssociation[];

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const store = new KeyValueStore(this, 'Store', {
      comment: 'The generation of the index',
      source: ImportSource.fromInline(JSON.stringify(first)),
    });
    this.arn = store.keyValueStoreArn;
    const request = new Function(this, 'Request', {
      comment: 'One key for equal questions, with the generation of the index',
      code: codeOf('search'),
      runtime: FunctionRuntime.JS_2_0,
      keyValueStore: store,
    });
    const answer = new Function(this, 'Answer', {
      comment: 'Answers are kept by CloudFront, and by nobody between it and whoever asks',
      code: codeOf('answer'),
      runtime: FunctionRuntime.JS_2_0,
    });
    this.associations = [
      { eventType: FunctionEventType.VIEWER_REQUEST, function: request },
      { eventType: FunctionEventType.VIEWER_RESPONSE, function: answer },
    ];
  }
}

/** Lets somebody say that there is a new generation. */
export function grantPublish(grantee: IGrantable, generationsArn: string): Grant {
  return Grant.addToPrincipal({
    grantee,
    actions: ['cloudfront-keyvaluestore:DescribeKeyValueStore', 'cloudfront-keyvaluestore:PutKey'],
    resourceArns: [generationsArn],
  });
}

/** As text: it has to be small, and a change of it is seen in the template. */
function codeOf(name: string): FunctionCode {
  const file = fileURLToPath(new URL(`../cloudfront/${name}.js`, import.meta.url));
  return FunctionCode.fromInline(readFileSync(file, 'utf8'));
}
